import { EC2, type IpPermission, type NetworkInterface } from '@aws-sdk/client-ec2';
import { machineNamed } from '../../../lab/commands/machines';
import { labCredentials } from '../../../lab/engine/environment';
import { namespacePath, routerNamespace } from '../../../lab/fabric/addresses';
import { run } from '../../../lab/process';
import { product } from '../../../proving/product';

const ec2 = new EC2({ region: product().region, ...labCredentials });

/** While something is tried, a balancer has a security group that lets nothing in and nothing out. */
export async function whileShutOff(balancer: string, attempt: () => Promise<void>): Promise<void> {
  const { NetworkInterfaceId, VpcId, Groups: former = [] } = await interfaceOf(balancer);
  const wear = async (...Groups: string[]) => {
    await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Groups });
    await forgetConnections();
  };
  const { GroupId = '' } = await ec2.createSecurityGroup({
    ...{ GroupName: `shut-off-${balancer}`, Description: 'Lets nothing through', VpcId },
  });
  // A new group lets everything out.
  const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions });
  try {
    await wear(GroupId);
    await attempt();
  } finally {
    await wear(...former.flatMap((group) => group.GroupId ?? []));
    await ec2.deleteSecurityGroup({ GroupId });
  }
}

/** While something is tried, the balancers' security group lets in VRRP of one balancer only, who hears no other. */
export async function whileDeaf(balancer: string, attempt: () => Promise<void>): Promise<void> {
  const { PrivateIpAddress = '', Groups: [{ GroupId = '' } = {}] = [] } = await interfaceOf(balancer);
  const vrrp = (from: IpPermission) => ({ GroupId, IpPermissions: [{ IpProtocol: '112', ...from }] });
  const fromPair = vrrp({ UserIdGroupPairs: [{ GroupId }] });
  const fromItself = vrrp({ IpRanges: [{ CidrIp: `${PrivateIpAddress}/32` }] });
  await ec2.authorizeSecurityGroupIngress(fromItself);
  await ec2.revokeSecurityGroupIngress(fromPair);
  await forgetConnections();
  try {
    await attempt();
  } finally {
    await ec2.authorizeSecurityGroupIngress(fromPair);
    await ec2.revokeSecurityGroupIngress(fromItself);
  }
}

async function interfaceOf(balancer: string): Promise<NetworkInterface> {
  const { instanceId } = await machineNamed(balancer);
  const Filters = [{ Name: 'attachment.instance-id', Values: [instanceId] }];
  const { NetworkInterfaces: [own] = [] } = await ec2.describeNetworkInterfaces({ Filters });
  if (own === undefined) throw new Error(`${balancer} (${instanceId}) has no network interface`);
  return own;
}

/** What former rules allowed would go on otherwise, adverts too. */
async function forgetConnections(): Promise<void> {
  await run('nsenter', [`--net=${namespacePath(routerNamespace)}`, 'conntrack', '-F']);
}
