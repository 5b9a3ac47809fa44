import { randomBytes } from 'node:crypto';
import { AwsError } from '../awsError';
import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import { done, tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import { freeAddress, planAddresses } from './privateAddresses';
import type { ElasticIpRecord, InterfaceRecord } from './records';
import { accountId, newId, type Region } from './region';

export const interfaceActions: Actions = {
  async CreateNetworkInterface(region, parameters) {
    const record = newInterface(region, parameters);
    const tags = parameters.tagsFor('network-interface');
    if (tags.size > 0) region.tags.set(record.interfaceId, tags);
    await region.settle();
    return { networkInterface: describeInterface(region, record) };
  },

  DescribeNetworkInterfaces(region, parameters) {
    const ids = parameters.list('NetworkInterfaceId');
    const records = selected(ids, region.interfaces, (id) => region.interface(id));
    const found = matching(records, parameters, (record) => interfaceFilters(region, record));
    return { networkInterfaceSet: found.map((record) => describeInterface(region, record)) };
  },

  async DeleteNetworkInterface(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    if (record.attachment !== undefined || record.requesterManaged) throw inUse(record);
    forgetInterface(region, record);
    await region.settle();
    return done;
  },

  async ModifyNetworkInterfaceAttribute(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    await modifyInterface(region, record, parameters);
    return done;
  },

  DescribeNetworkInterfaceAttribute(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    const { description, sourceDestCheck, groupSet, attachment } = describeInterface(region, record);
    return {
      networkInterfaceId: record.interfaceId,
      description: { value: description },
      sourceDestCheck: { value: sourceDestCheck },
      groupSet,
      attachment,
    };
  },

  AttachNetworkInterface(region, parameters) {
    const record = region.interface(parameters.required('NetworkInterfaceId'));
    if (record.attachment !== undefined) throw inUse(record);
    const message =
      "The lab's machines have one interface, given at RunInstances; it attaches no further ones.";
    throw new AwsError('UnsupportedOperation', message);
  },

  DetachNetworkInterface(region, parameters) {
    const attachmentId = parameters.required('AttachmentId');
    for (const { attachment } of region.interfaces.values()) {
      if (attachment?.attachmentId !== attachmentId) continue;
      const message = 'The network interface at device index 0 and networkCard index 0 cannot be detached.';
      throw new AwsError('OperationNotPermitted', message);
    }
    throw new AwsError('InvalidAttachmentID.NotFound', `The attachment '${attachmentId}' does not exist`);
  },
};

/** Records an interface from the parameters of CreateNetworkInterface or of RunInstances' NetworkInterface. */
export function newInterface(region: Region, parameters: Parameters): InterfaceRecord {
  const subnet = region.subnet(parameters.required('SubnetId'));
  const groups = parameters.list('SecurityGroupId');
  const fallback = region.network.securityGroups.filter((group) => group.name === 'default');
  const securityGroupIds = groups.length > 0 ? groups : fallback.map((group) => group.groupId);
  for (const groupId of securityGroupIds) mustBeSecurityGroup(region, groupId);
  const record: InterfaceRecord = {
    interfaceId: newId('eni'),
    subnetId: subnet.subnetId,
    mac: newMac(),
    requesterManaged: false,
    description: parameters.text('Description') ?? '',
    addresses: planAddresses(region, subnet.subnetId, parameters),
    sourceDestCheck: true,
    securityGroupIds,
  };
  region.interfaces.set(record.interfaceId, record);
  return record;
}

/** The interface that a NAT gateway keeps in its subnet. */
export function newManagedInterface(region: Region, subnetId: string, description: string): InterfaceRecord {
  const record: InterfaceRecord = {
    interfaceId: newId('eni'),
    subnetId,
    mac: newMac(),
    requesterManaged: true,
    description,
    addresses: [freeAddress(region, subnetId)],
    sourceDestCheck: false,
    securityGroupIds: [],
  };
  region.interfaces.set(record.interfaceId, record);
  return record;
}

export function forgetInterface(region: Region, record: InterfaceRecord): void {
  region.interfaces.delete(record.interfaceId);
  region.tags.delete(record.interfaceId);
  for (const elasticIp of region.elasticIps.values()) {
    if (elasticIp.association?.interfaceId === record.interfaceId) elasticIp.association = undefined;
  }
}

export function inUse(record: InterfaceRecord): AwsError {
  const by = record.attachment?.instanceId ?? 'AWS';
  const message = `Network interface '${record.interfaceId}' is currently in use by ${by}.`;
  return new AwsError('InvalidNetworkInterface.InUse', message);
}

/** SourceDestCheck, security groups, description and deletion with the instance. */
export async function modifyInterface(
  region: Region,
  record: InterfaceRecord,
  parameters: Parameters,
): Promise<void> {
  const groups = parameters.list('SecurityGroupId');
  for (const groupId of groups) mustBeSecurityGroup(region, groupId);
  if (groups.length > 0) record.securityGroupIds = groups;
  record.sourceDestCheck = parameters.flag('SourceDestCheck.Value') ?? record.sourceDestCheck;
  record.description = parameters.text('Description.Value') ?? record.description;
  const deletion = parameters.flag('Attachment.DeleteOnTermination');
  if (deletion !== undefined) {
    if (record.attachment?.attachmentId !== parameters.required('Attachment.AttachmentId')) {
      throw new AwsError('InvalidAttachmentID.NotFound', `${record.interfaceId} has no such attachment`);
    }
    record.attachment.deleteOnTermination = deletion;
  }
  await region.settle();
}

export function elasticIpOf(
  region: Region,
  record: InterfaceRecord,
  privateIp: string | undefined,
): ElasticIpRecord | undefined {
  return [...region.elasticIps.values()].find(
    ({ association }) =>
      association?.interfaceId === record.interfaceId && association.privateIp === privateIp,
  );
}

export function privateDnsName(region: Region, address: string): string {
  const domain = region.name === 'us-east-1' ? 'ec2.internal' : `${region.name}.compute.internal`;
  return `ip-${address.replaceAll('.', '-')}.${domain}`;
}

export function describeInterface(region: Region, record: InterfaceRecord): XmlObject {
  const subnet = region.subnet(record.subnetId);
  const [primary = ''] = record.addresses;
  const { attachment } = record;
  return {
    networkInterfaceId: record.interfaceId,
    subnetId: subnet.subnetId,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    description: record.description,
    ownerId: accountId,
    requesterManaged: record.requesterManaged,
    status: statusOf(record),
    macAddress: record.mac,
    privateIpAddress: primary,
    privateDnsName: privateDnsName(region, primary),
    sourceDestCheck: record.sourceDestCheck,
    interfaceType: record.requesterManaged ? 'nat_gateway' : 'interface',
    groupSet: describeGroups(region, record),
    attachment: attachment && {
      attachmentId: attachment.attachmentId,
      instanceId: attachment.instanceId,
      instanceOwnerId: accountId,
      deviceIndex: 0,
      networkCardIndex: 0,
      status: 'attached',
      attachTime: attachment.attachedAt.toISOString(),
      deleteOnTermination: attachment.deleteOnTermination,
    },
    association: describeAssociation(region, record, primary),
    privateIpAddressesSet: describeAddresses(region, record),
    tagSet: tagSet(region, record.interfaceId),
  };
}

export function describeGroups(region: Region, record: InterfaceRecord): XmlObject[] {
  return record.securityGroupIds.map((groupId) => ({
    groupId,
    groupName: region.network.securityGroups.find((group) => group.groupId === groupId)?.name,
  }));
}

export function describeAssociation(
  region: Region,
  record: InterfaceRecord,
  address: string,
): XmlObject | undefined {
  const elasticIp = elasticIpOf(region, record, address);
  return (
    elasticIp && {
      publicIp: elasticIp.publicIp,
      ipOwnerId: accountId,
      allocationId: elasticIp.allocationId,
      associationId: elasticIp.association?.associationId,
    }
  );
}

export function describeAddresses(region: Region, record: InterfaceRecord): XmlObject[] {
  return record.addresses.map((address, index) => ({
    privateIpAddress: address,
    privateDnsName: privateDnsName(region, address),
    primary: index === 0,
    association: describeAssociation(region, record, address),
  }));
}

function interfaceFilters(region: Region, record: InterfaceRecord): FilterValues {
  const subnet = region.subnet(record.subnetId);
  const elasticIps = record.addresses.map((address) => elasticIpOf(region, record, address));
  const values: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'network-interface-id': [record.interfaceId],
    'subnet-id': [record.subnetId],
    'vpc-id': [subnet.vpcId],
    'availability-zone': [subnet.availabilityZone],
    'group-id': record.securityGroupIds,
    'mac-address': [record.mac],
    description: [record.description],
    status: [statusOf(record)],
    'interface-type': [record.requesterManaged ? 'nat_gateway' : 'interface'],
    'private-ip-address': [record.addresses[0]],
    'addresses.private-ip-address': record.addresses,
    'addresses.association.public-ip': elasticIps.map((each) => each?.publicIp),
    'association.public-ip': [elasticIps[0]?.publicIp],
    'association.allocation-id': [elasticIps[0]?.allocationId],
    'attachment.instance-id': [record.attachment?.instanceId],
    'attachment.attachment-id': [record.attachment?.attachmentId],
    'attachment.device-index': [record.attachment && '0'],
  };
  return withTags(region.tagsOf(record.interfaceId), (name) => values[name]);
}

function statusOf(record: InterfaceRecord): string {
  return record.attachment !== undefined || record.requesterManaged ? 'in-use' : 'available';
}

function mustBeSecurityGroup(region: Region, groupId: string): void {
  if (region.network.securityGroups.some((group) => group.groupId === groupId)) return;
  throw new AwsError('InvalidGroup.NotFound', `The security group '${groupId}' does not exist`);
}

/** Locally administered, unicast. */
function newMac(): string {
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
