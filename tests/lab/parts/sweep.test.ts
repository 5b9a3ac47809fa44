import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep } from '../../../lab/commands/sweep';
import { ApiLab, regionName } from '../../../proving/region/apiLab';

let lab: ApiLab;
let client: ec2.EC2Client;
beforeAll(async () => {
  lab = await ApiLab.open();
  client = lab.runner.ec2();
});
afterAll(() => lab.close());

interface Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly table: string;
  readonly group: string;
  readonly gateway: string;
}

async function network(): Promise<Network> {
  const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.60.0.0/16' }));
  const inVpc = { VpcId: Vpc?.VpcId };
  const { Subnet } = await client.send(new ec2.CreateSubnetCommand({ ...inVpc, CidrBlock: '10.60.1.0/24' }));
  const { RouteTable } = await client.send(new ec2.CreateRouteTableCommand(inVpc));
  const { InternetGateway } = await client.send(new ec2.CreateInternetGatewayCommand({}));
  const gateway = InternetGateway?.InternetGatewayId ?? '';
  await client.send(new ec2.AttachInternetGatewayCommand({ ...inVpc, InternetGatewayId: gateway }));
  const { GroupId } = await client.send(
    new ec2.CreateSecurityGroupCommand({ ...inVpc, GroupName: 'hosts', Description: 'hosts' }),
  );
  // As the provider does: EC2 lets a new group send anywhere.
  const anywhere = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await client.send(new ec2.RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: anywhere }));
  return {
    vpc: Vpc?.VpcId ?? '',
    subnet: Subnet?.SubnetId ?? '',
    table: RouteTable?.RouteTableId ?? '',
    group: GroupId ?? '',
    gateway,
  };
}

async function rule(GroupId: string, port: number): Promise<string> {
  const range = { IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  const made = await client.send(
    new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [range] }),
  );
  return made.SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? '';
}

async function rulesOf(group: string): Promise<readonly (string | undefined)[]> {
  const Filters = [{ Name: 'group-id', Values: [group] }];
  const { SecurityGroupRules = [] } = await client.send(
    new ec2.DescribeSecurityGroupRulesCommand({ Filters }),
  );
  return SecurityGroupRules.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId);
}

const trust = '{"Version":"2012-10-17","Statement":[]}';
const resource = (type: string, id: string, more: object = {}) => ({ type, id, ...more });

describe('what an engine that was killed had made and not recorded', () => {
  it('goes, also where it hangs on what stays, and what the state knows does not', async () => {
    const { vpc, subnet, table, group, gateway } = await network();
    const [known, forgotten] = [await rule(group, 22), await rule(group, 1883)];
    const toGateway = { RouteTableId: table, GatewayId: gateway };
    for (const DestinationCidrBlock of ['0.0.0.0/0', '192.0.2.0/24'])
      await client.send(new ec2.CreateRouteCommand({ ...toGateway, DestinationCidrBlock }));
    await client.send(new ec2.AssociateRouteTableCommand({ RouteTableId: table, SubnetId: subnet }));
    const reserved = { SubnetId: subnet, Cidr: '10.60.1.32/27', ReservationType: 'explicit' } as const;
    await client.send(new ec2.CreateSubnetCidrReservationCommand(reserved));
    const roles = lab.runner.iam();
    await roles.send(new iam.CreateRoleCommand({ RoleName: 'host', AssumeRolePolicyDocument: trust }));
    const statement = { Effect: 'Allow', Action: 'ec2:DescribeTags', Resource: '*' };
    const policy = {
      RoleName: 'host',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    };
    for (const PolicyName of ['known', 'forgotten'])
      await roles.send(new iam.PutRolePolicyCommand({ ...policy, PolicyName }));
    const onInterface = { SubnetId: subnet, Groups: [group] };
    const { NetworkInterface } = await client.send(new ec2.CreateNetworkInterfaceCommand(onInterface));
    const interfaceId = NetworkInterface?.NetworkInterfaceId ?? '';
    const { AllocationId = '' } = await client.send(new ec2.AllocateAddressCommand({ Domain: 'vpc' }));
    await client.send(new ec2.AssociateAddressCommand({ AllocationId, NetworkInterfaceId: interfaceId }));

    const lines = await sweep(
      {
        resources: [
          resource('aws:ec2/vpc:Vpc', vpc),
          resource('aws:ec2/subnet:Subnet', subnet),
          resource('aws:ec2/routeTable:RouteTable', table, { inputs: { vpcId: vpc } }),
          resource('aws:ec2/internetGateway:InternetGateway', gateway),
          resource('aws:ec2/securityGroup:SecurityGroup', group, { inputs: { vpcId: vpc } }),
          resource('aws:ec2/networkInterface:NetworkInterface', interfaceId),
          resource('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', known),
          resource('aws:ec2/route:Route', 'r-1', {
            outputs: { routeTableId: table, destinationCidrBlock: '0.0.0.0/0' },
          }),
          resource('aws:iam/role:Role', 'host'),
          resource('aws:iam/rolePolicy:RolePolicy', 'host:known'),
        ],
      },
      regionName,
      lab.runnerAccess,
    );

    expect(lines).toEqual([
      `Elastic IP ${AllocationId}`,
      `security group rule ${forgotten}`,
      `route ${table} 192.0.2.0/24`,
      expect.stringMatching(/^route table association rtbassoc-/),
      expect.stringMatching(/^reservation of addresses scr-/),
      "role's policy host:forgotten",
    ]);
    expect(await rulesOf(group)).toEqual([known]);
    const { RouteTables: [left] = [] } = await client.send(
      new ec2.DescribeRouteTablesCommand({ RouteTableIds: [table] }),
    );
    expect(left?.Routes?.map(({ DestinationCidrBlock }) => DestinationCidrBlock)).toEqual([
      '10.60.0.0/16',
      '0.0.0.0/0',
    ]);
    expect(left?.Associations).toEqual([]);

    // A group that writes its own rules has none of their ids in the state.
    const inline = resource('aws:ec2/securityGroup:SecurityGroup', group, { inputs: { ingress: [{}] } });
    const own = { resources: [vpc, subnet, table, gateway, interfaceId].map((id) => resource('x', id)) };
    await sweep({ resources: [...own.resources, inline] }, regionName, lab.runnerAccess);
    expect(await rulesOf(group)).toEqual([known]);
  });
});
