import { partitionOf } from '../../../api/partition';
import { isGone, present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, optional, output, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

interface Holder {
  readonly instance?: string | undefined;
  readonly networkInterface?: string | undefined;
  readonly associateWithPrivateIp?: string | undefined;
}

export const eip = resource({
  token: 'aws:ec2/eip:Eip',
  inputs: {
    address: optional(text, { replaces: true }),
    associateWithPrivateIp: optional(text),
    domain: chosen(text, { replaces: true }),
    instance: chosen(text),
    networkBorderGroup: chosen(text, { replaces: true }),
    networkInterface: chosen(text),
    publicIpv4Pool: chosen(text, { replaces: true }),
  },
  outputs: {
    allocationId: output(text),
    arn: output(text),
    associationId: output(text),
    privateDns: output(text),
    privateIp: output(text),
    publicDns: output(text),
    publicIp: output(text),
  },
  tagging: ec2Tagging,

  async create(call, inputs) {
    const made = await (
      await call.ec2()
    ).allocateAddress({
      Domain: 'vpc',
      Address: inputs.address,
      NetworkBorderGroup: inputs.networkBorderGroup,
      PublicIpv4Pool: inputs.publicIpv4Pool,
      TagSpecifications: tagSpecifications('elastic-ip', call.tags),
    });
    return present(made.AllocationId, "the Elastic IP's allocation id");
  },

  async settle(call, id, inputs) {
    await call.until(`Elastic IP ${id}`, () => findAddress(call, id));
    if (!isHeld(inputs)) return;
    // Nothing else is tried again, Gateway.NotAttached neither (resourceEIPCreate).
    await call.propagated(/^InvalidAllocationID\.NotFound/, () => associate(call, id, inputs));
  },

  async read(call, id) {
    const found = await findAddress(call, id);
    if (found === undefined) return undefined;
    const { PublicIp = '', PrivateIpAddress } = found;
    return {
      domain: found.Domain,
      instance: found.InstanceId,
      networkBorderGroup: found.NetworkBorderGroup,
      networkInterface: found.NetworkInterfaceId,
      publicIpv4Pool: found.PublicIpv4Pool,
      allocationId: id,
      arn: ec2Arn(call, await call.account(), 'elastic-ip', id),
      associationId: found.AssociationId,
      privateDns: PrivateIpAddress && `ip-${dashed(PrivateIpAddress)}.${call.region}.compute.internal`,
      privateIp: PrivateIpAddress,
      publicDns: `ec2-${dashed(PublicIp)}.${call.region}.compute.${partitionOf(call.region).dnsSuffix}`,
      publicIp: PublicIp,
      tags: tagMap(found.Tags),
    };
  },

  /** From the association that the state knows (resourceEIPUpdate). */
  async update(call, id, change) {
    if (!change.has('instance', 'networkInterface', 'associateWithPrivateIp')) return;
    await disassociate(call, change.before.associationId);
    if (isHeld(change.after)) await associate(call, id, change.after);
  },

  unsettled: (changed) =>
    changed.has('instance') || changed.has('networkInterface') || changed.has('associateWithPrivateIp')
      ? ['associationId', 'privateDns', 'privateIp']
      : [],

  /**
   * By the association in the state alone, then one ReleaseAddress (resourceEIPDelete): an address that somebody else
   * has associated since is still in use, and EC2 refuses.
   */
  async delete(call, id, { associationId, networkBorderGroup }) {
    await disassociate(call, associationId);
    await (await call.ec2()).releaseAddress({ AllocationId: id, NetworkBorderGroup: networkBorderGroup });
  },
});

/** Who holds an Elastic IP, as a resource of its own. */
export const eipAssociation = resource({
  token: 'aws:ec2/eipAssociation:EipAssociation',
  inputs: {
    allocationId: chosen(text, { replaces: true }),
    allowReassociation: defaulted(flag, true, { replaces: true }),
    instanceId: chosen(text, { replaces: true }),
    networkInterfaceId: chosen(text, { replaces: true }),
    privateIpAddress: chosen(text, { replaces: true }),
    publicIp: chosen(text, { replaces: true }),
  },
  outputs: {},

  async create(call, inputs) {
    const ec2 = await call.ec2();
    const made = await call.propagated(
      /^(InvalidAllocationID\.NotFound|InvalidInstanceID|IncorrectInstanceState)/,
      () =>
        ec2.associateAddress({
          AllocationId: inputs.allocationId,
          AllowReassociation: inputs.allowReassociation,
          InstanceId: inputs.instanceId,
          NetworkInterfaceId: inputs.networkInterfaceId,
          PrivateIpAddress: inputs.privateIpAddress,
          PublicIp: inputs.publicIp,
        }),
    );
    return present(made.AssociationId, "the association's id");
  },

  async read(call, id) {
    const found = await findAssociation(call, id);
    if (found === undefined) return undefined;
    return {
      allocationId: found.AllocationId,
      instanceId: found.InstanceId,
      networkInterfaceId: found.NetworkInterfaceId,
      privateIpAddress: found.PrivateIpAddress,
      publicIp: found.PublicIp,
    };
  },

  /** An association that has moved on since is another one, with another id: that one stays. */
  async delete(call, id) {
    await disassociate(call, id);
  },
});

function isHeld(holder: Holder): boolean {
  return holder.instance !== undefined || holder.networkInterface !== undefined;
}

function dashed(address: string): string {
  return address.replaceAll('.', '-');
}

async function findAddress(call: Call, id: string) {
  try {
    return (await (await call.ec2()).describeAddresses({ AllocationIds: [id] })).Addresses?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function findAssociation(call: Call, id: string) {
  const Filters = [{ Name: 'association-id', Values: [id] }];
  return (await (await call.ec2()).describeAddresses({ Filters })).Addresses?.[0];
}

async function associate(call: Call, AllocationId: string, holder: Holder): Promise<void> {
  const ec2 = await call.ec2();
  const made = await ec2.associateAddress({
    AllocationId,
    InstanceId: holder.networkInterface === undefined ? holder.instance : undefined,
    NetworkInterfaceId: holder.networkInterface,
    PrivateIpAddress: holder.associateWithPrivateIp,
  });
  const association = present(made.AssociationId, "the association's id");
  await call.until(`the association of ${AllocationId}`, () => findAssociation(call, association));
}

async function disassociate(call: Call, AssociationId: string | undefined): Promise<void> {
  if (AssociationId === undefined || AssociationId === '') return;
  try {
    await (await call.ec2()).disassociateAddress({ AssociationId });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
