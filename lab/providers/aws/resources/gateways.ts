import { isGone, present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, optional, output, required, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

/** Attached to at most one VPC at a time. */
export const internetGateway = resource({
  token: 'aws:ec2/internetGateway:InternetGateway',
  inputs: { vpcId: chosen(text) },
  outputs: { arn: output(text), ownerId: output(text) },
  tagging: ec2Tagging,

  async create(call) {
    const TagSpecifications = tagSpecifications('internet-gateway', call.tags);
    const made = await (await call.ec2()).createInternetGateway({ TagSpecifications });
    return present(made.InternetGateway?.InternetGatewayId, "the internet gateway's id");
  },

  async settle(call, id, { vpcId }) {
    const attachedTo = (await findInternetGateway(call, id))?.Attachments?.[0]?.VpcId;
    if (vpcId !== undefined && attachedTo !== vpcId) await attach(call, id, vpcId);
  },

  async read(call, id) {
    const found = await findInternetGateway(call, id);
    if (found === undefined) return undefined;
    return {
      vpcId: found.Attachments?.[0]?.VpcId,
      arn: ec2Arn(call, found.OwnerId, 'internet-gateway', id),
      ownerId: found.OwnerId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { before, after }) {
    if (before.vpcId !== undefined) await detach(call, id, before.vpcId);
    if (after.vpcId !== undefined) await attach(call, id, after.vpcId);
  },

  async delete(call, id, { vpcId }) {
    if (vpcId !== undefined) await detach(call, id, vpcId);
    const ec2 = await call.ec2();
    await call.retry(/^DependencyViolation/, () => ec2.deleteInternetGateway({ InternetGatewayId: id }));
  },
});

/** Gives hosts without a public address a way out. */
export const natGateway = resource({
  token: 'aws:ec2/natGateway:NatGateway',
  inputs: {
    allocationId: optional(text, { replaces: true }),
    connectivityType: defaulted(text, 'public', { replaces: true }),
    privateIp: chosen(text, { replaces: true }),
    subnetId: required(text, { replaces: true }),
  },
  outputs: { associationId: output(text), networkInterfaceId: output(text), publicIp: output(text) },
  tagging: ec2Tagging,
  check: ({ allocationId, connectivityType }): Record<string, string> => {
    if (connectivityType !== 'public' && connectivityType !== 'private')
      return { connectivityType: `is ${String(connectivityType)}; allowed are public and private` };
    return connectivityType === 'public' && allocationId === undefined
      ? { allocationId: 'a public NAT gateway needs the allocation id of an Elastic IP' }
      : {};
  },

  async create(call, inputs) {
    const ec2 = await call.ec2();
    const made = await call.propagated(/^(InvalidElasticIpID\.NotFound|InvalidSubnet)/, () =>
      ec2.createNatGateway({
        AllocationId: inputs.allocationId,
        ConnectivityType: inputs.connectivityType === 'private' ? 'private' : 'public',
        PrivateIpAddress: inputs.privateIp,
        SubnetId: inputs.subnetId,
        TagSpecifications: tagSpecifications('natgateway', call.tags),
      }),
    );
    return present(made.NatGateway?.NatGatewayId, "the NAT gateway's id");
  },

  async settle(call, id) {
    await call.until(`NAT gateway ${id} to be available`, async () => {
      const found = await findNatGateway(call, id);
      if (found?.State === 'failed')
        throw new Error(`NAT gateway ${id} failed: ${found.FailureMessage ?? ''}`);
      return found?.State === 'available' ? true : undefined;
    });
  },

  async read(call, id) {
    const found = await findNatGateway(call, id);
    if (found === undefined || found.State === 'deleted' || found.State === 'deleting') return undefined;
    const address = found.NatGatewayAddresses?.[0];
    return {
      allocationId: address?.AllocationId,
      connectivityType: found.ConnectivityType ?? 'public',
      privateIp: address?.PrivateIp,
      subnetId: found.SubnetId,
      associationId: address?.AssociationId,
      networkInterfaceId: address?.NetworkInterfaceId,
      publicIp: address?.PublicIp,
      tags: tagMap(found.Tags),
    };
  },

  async delete(call, id) {
    await (await call.ec2()).deleteNatGateway({ NatGatewayId: id });
    await call.until(`NAT gateway ${id} to be deleted`, async () => {
      const found = await findNatGateway(call, id);
      return found === undefined || found.State === 'deleted' ? true : undefined;
    });
  },
});

async function findInternetGateway(call: Call, id: string) {
  return (await (await call.ec2()).describeInternetGateways({ InternetGatewayIds: [id] }))
    .InternetGateways?.[0];
}

async function attach(call: Call, InternetGatewayId: string, VpcId: string): Promise<void> {
  const ec2 = await call.ec2();
  await call.propagated(/^InvalidInternetGatewayID\.NotFound/, () =>
    ec2.attachInternetGateway({ InternetGatewayId, VpcId }),
  );
}

/** EC2 refuses as long as an address of the VPC is mapped through the gateway. */
async function detach(call: Call, InternetGatewayId: string, VpcId: string): Promise<void> {
  const ec2 = await call.ec2();
  try {
    await call.retry(/^DependencyViolation/, () => ec2.detachInternetGateway({ InternetGatewayId, VpcId }));
  } catch (error) {
    if (!isGone(error) && !(error instanceof Error && error.name === 'Gateway.NotAttached')) throw error;
  }
}

async function findNatGateway(call: Call, id: string) {
  try {
    return (await (await call.ec2()).describeNatGateways({ NatGatewayIds: [id] })).NatGateways?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
