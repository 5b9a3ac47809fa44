import {
  AuthorizeSecurityGroupEgressCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { machineNamed } from '../../lab/commands/machines';

/** A command that runs the one that follows it, in another network. */
export type Prefix = readonly [string, ...string[]];

/**
 * Makes a broker's host a client in the VPC, where an address that is not public can be reached, and gives what to put
 * before a command line to run it in that host's network.
 */
export async function enterBroker(
  client: EC2Client,
  broker: string,
  address: string,
  port: number,
): Promise<Prefix> {
  await letBrokersReach(client, address, port);
  const { initPid } = await machineNamed(broker);
  if (initPid === undefined) throw new Error(`${broker} does not run; clients in the VPC use its network`);
  return ['nsenter', `--net=/proc/${initPid}/ns/net`, '--'];
}

/** Lets broker hosts be clients of an address: their own security group has no way out to listeners. */
export async function letBrokersReach(client: EC2Client, address: string, port: number): Promise<void> {
  const Filters = [{ Name: 'tag:Name', Values: ['mqtt-brokers-group'] }];
  const { SecurityGroups = [] } = await client.send(new DescribeSecurityGroupsCommand({ Filters }));
  const cidr = `${address}/32`;
  for (const { GroupId, IpPermissionsEgress = [] } of SecurityGroups) {
    const ranges = IpPermissionsEgress.flatMap(({ IpRanges = [] }) => IpRanges);
    if (ranges.some(({ CidrIp }) => CidrIp === cidr)) continue;
    const rule = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: cidr }] };
    await client.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [rule] }));
  }
}
