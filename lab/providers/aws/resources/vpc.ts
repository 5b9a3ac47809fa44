import { present, type Call } from '../call';
import { resource } from '../resource';
import { defaulted, flag, optional, output, text, type Values } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

const inputs = {
  cidrBlock: optional(text, { replaces: true }),
  enableDnsHostnames: defaulted(flag, false),
  enableDnsSupport: defaulted(flag, true),
  enableNetworkAddressUsageMetrics: defaulted(flag, false),
  instanceTenancy: defaulted(text, 'default', { replaces: true }),
};

export const vpc = resource({
  token: 'aws:ec2/vpc:Vpc',
  inputs,
  outputs: {
    arn: output(text),
    defaultNetworkAclId: output(text),
    defaultRouteTableId: output(text),
    defaultSecurityGroupId: output(text),
    dhcpOptionsId: output(text),
    mainRouteTableId: output(text),
    ownerId: output(text),
  },
  tagging: ec2Tagging,
  check: ({ cidrBlock }): Record<string, string> =>
    cidrBlock === undefined ? { cidrBlock: 'a VPC needs cidrBlock: the lab has no IPAM pools' } : {},

  async create(call, { cidrBlock, instanceTenancy }) {
    const made = await (
      await call.ec2()
    ).createVpc({
      CidrBlock: cidrBlock,
      InstanceTenancy: instanceTenancy === 'dedicated' ? 'dedicated' : 'default',
      TagSpecifications: tagSpecifications('vpc', call.tags),
    });
    return present(made.Vpc?.VpcId, "the VPC's id");
  },

  async settle(call, id, wanted) {
    const ec2 = await call.ec2();
    await call.until(`VPC ${id}`, async () => {
      const { Vpcs } = await ec2.describeVpcs({ VpcIds: [id] });
      return Vpcs?.[0]?.State === 'available' ? true : undefined;
    });
    await setAttributes(call, id, wanted);
  },

  async read(call, id) {
    const ec2 = await call.ec2();
    const found = (await ec2.describeVpcs({ VpcIds: [id] })).Vpcs?.[0];
    if (found === undefined) return undefined;
    const Filters = [{ Name: 'vpc-id', Values: [id] }];
    const isDefault = { Name: 'default', Values: ['true'] };
    const [hostnames, support, tables, groups, acls] = await Promise.all([
      ec2.describeVpcAttribute({ VpcId: id, Attribute: 'enableDnsHostnames' }),
      ec2.describeVpcAttribute({ VpcId: id, Attribute: 'enableDnsSupport' }),
      ec2.describeRouteTables({ Filters: [...Filters, { Name: 'association.main', Values: ['true'] }] }),
      ec2.describeSecurityGroups({ Filters: [...Filters, { Name: 'group-name', Values: ['default'] }] }),
      ec2.describeNetworkAcls({ Filters: [...Filters, isDefault] }),
    ]);
    const mainRouteTableId = tables.RouteTables?.[0]?.RouteTableId;
    return {
      cidrBlock: found.CidrBlock,
      instanceTenancy: found.InstanceTenancy,
      enableDnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
      enableDnsSupport: support.EnableDnsSupport?.Value ?? true,
      arn: ec2Arn(call, found.OwnerId, 'vpc', id),
      defaultNetworkAclId: acls.NetworkAcls?.[0]?.NetworkAclId,
      defaultRouteTableId: mainRouteTableId,
      defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId,
      dhcpOptionsId: found.DhcpOptionsId,
      mainRouteTableId,
      ownerId: found.OwnerId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { after }) {
    await setAttributes(call, id, after);
  },

  async delete(call, id) {
    const ec2 = await call.ec2();
    await call.retry(/^DependencyViolation/, () => ec2.deleteVpc({ VpcId: id }));
  },
});

/** EC2 takes one attribute a call. */
async function setAttributes(call: Call, VpcId: string, wanted: Values<typeof inputs>): Promise<void> {
  const ec2 = await call.ec2();
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: wanted.enableDnsSupport } });
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: wanted.enableDnsHostnames } });
  if (wanted.enableNetworkAddressUsageMetrics) {
    await ec2.modifyVpcAttribute({ VpcId, EnableNetworkAddressUsageMetrics: { Value: true } });
  }
}
