import * as ec2 from '@aws-sdk/client-ec2';
import type { Account, ResourceType } from './resourceType';

/** Without what each VPC has by itself (its main route table, its default group), and without the default VPC. */
export function networkTypes(account: Account): readonly ResourceType[] {
  const client = new ec2.EC2Client(account);
  const ownVpcs = async () => {
    const { Vpcs = [] } = await client.send(new ec2.DescribeVpcsCommand({}));
    return Vpcs.filter(({ IsDefault }) => IsDefault !== true).map(({ VpcId }) => VpcId);
  };
  return [
    {
      what: 'security group',
      list: async () => {
        const vpcs = await ownVpcs();
        const { SecurityGroups = [] } = await client.send(new ec2.DescribeSecurityGroupsCommand({}));
        const own = SecurityGroups.filter(
          ({ VpcId, GroupName }) => vpcs.includes(VpcId) && GroupName !== 'default',
        );
        return own.map(({ GroupId }) => GroupId);
      },
      remove: async (id) => {
        await revokeRules(client, id);
        await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }));
      },
    },
    {
      what: 'subnet',
      list: async () => {
        const vpcs = await ownVpcs();
        const { Subnets = [] } = await client.send(new ec2.DescribeSubnetsCommand({}));
        return Subnets.filter(({ VpcId }) => vpcs.includes(VpcId)).map(({ SubnetId }) => SubnetId);
      },
      remove: (id) => client.send(new ec2.DeleteSubnetCommand({ SubnetId: id })),
    },
    {
      what: 'route table',
      list: async () => {
        const vpcs = await ownVpcs();
        const { RouteTables = [] } = await client.send(new ec2.DescribeRouteTablesCommand({}));
        const own = RouteTables.filter(
          ({ VpcId, Associations = [] }) =>
            vpcs.includes(VpcId) && !Associations.some(({ Main }) => Main === true),
        );
        return own.map(({ RouteTableId }) => RouteTableId);
      },
      remove: (id) => client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: id })),
    },
    {
      what: 'internet gateway',
      list: async () => {
        const vpcs = await ownVpcs();
        const { InternetGateways = [] } = await client.send(new ec2.DescribeInternetGatewaysCommand({}));
        const own = InternetGateways.filter(({ Attachments = [] }) =>
          Attachments.every(({ VpcId }) => vpcs.includes(VpcId)),
        );
        return own.map(({ InternetGatewayId }) => InternetGatewayId);
      },
      remove: async (id) => {
        const { InternetGateways: [gateway] = [] } = await client.send(
          new ec2.DescribeInternetGatewaysCommand({ InternetGatewayIds: [id] }),
        );
        for (const { VpcId } of gateway?.Attachments ?? []) {
          await client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
        }
        await client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: id }));
      },
    },
    {
      what: 'VPC',
      list: ownVpcs,
      remove: (id) => client.send(new ec2.DeleteVpcCommand({ VpcId: id })),
    },
  ];
}

/** Groups that name each other would both stay. */
async function revokeRules(client: ec2.EC2Client, GroupId: string): Promise<void> {
  const Filters = [{ Name: 'group-id', Values: [GroupId] }];
  const { SecurityGroupRules = [] } = await client.send(
    new ec2.DescribeSecurityGroupRulesCommand({ Filters }),
  );
  for (const { SecurityGroupRuleId: id, IsEgress } of SecurityGroupRules) {
    if (id === undefined) continue;
    const rule = { GroupId, SecurityGroupRuleIds: [id] };
    await (IsEgress === true
      ? client.send(new ec2.RevokeSecurityGroupEgressCommand(rule))
      : client.send(new ec2.RevokeSecurityGroupIngressCommand(rule)));
  }
}
