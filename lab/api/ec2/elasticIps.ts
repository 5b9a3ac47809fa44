import { AwsError } from '../awsError';
import { formatAddress, parseRange } from '../../ipv4';
import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import { done, tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import { elasticIpOf } from './interfaces';
import type { ElasticIpRecord, InterfaceRecord } from './records';
import { accountId, newId, type Region } from './region';

export const elasticIpActions: Actions = {
  AllocateAddress(region, parameters) {
    const { elasticIpQuota } = region.account;
    if (region.elasticIps.size >= elasticIpQuota) {
      const message = `The maximum number of addresses has been reached. (lab: ${elasticIpQuota}, quota L-0263D0A3)`;
      throw new AwsError('AddressLimitExceeded', message);
    }
    const record: ElasticIpRecord = { allocationId: newId('eipalloc'), publicIp: freePublicIp(region) };
    region.elasticIps.set(record.allocationId, record);
    const tags = parameters.tagsFor('elastic-ip');
    if (tags.size > 0) region.tags.set(record.allocationId, tags);
    return {
      publicIp: record.publicIp,
      domain: 'vpc',
      allocationId: record.allocationId,
      publicIpv4Pool: 'amazon',
      networkBorderGroup: region.name,
    };
  },

  ReleaseAddress(region, parameters) {
    const record = byParameters(region, parameters);
    if (record.association !== undefined) {
      throw new AwsError('InvalidIPAddress.InUse', `Address ${record.publicIp} is in use.`);
    }
    region.elasticIps.delete(record.allocationId);
    region.tags.delete(record.allocationId);
    return done;
  },

  async AssociateAddress(region, parameters) {
    const record = byParameters(region, parameters);
    const { interface: target, privateIp } = associationTarget(region, parameters);
    if (region.network.internetGatewayIds.length === 0) {
      const vpcId = region.network.vpc?.vpcId ?? '';
      const message = `Network ${vpcId} is not attached to any internet gateway`;
      throw new AwsError('Gateway.NotAttached', message);
    }
    const { association } = record;
    const same = association?.interfaceId === target.interfaceId && association.privateIp === privateIp;
    if (same) await region.caughtUp();
    else {
      const other = elasticIpOf(region, target, privateIp);
      // Moving is EC2's default in a VPC; an explicit false refuses it.
      if (parameters.flag('AllowReassociation') === false && (association ?? other) !== undefined) {
        const taken = association === undefined ? target.interfaceId : record.allocationId;
        throw new AwsError('Resource.AlreadyAssociated', `resource ${taken} is already associated`);
      }
      mustNotBeOfNat(region, record);
      if (other !== undefined) other.association = undefined;
      record.association = {
        associationId: newId('eipassoc'),
        interfaceId: target.interfaceId,
        privateIp,
      };
      await region.settle();
    }
    return { return: true, associationId: record.association?.associationId };
  },

  async DisassociateAddress(region, parameters) {
    const associationId = parameters.text('AssociationId');
    const record =
      associationId === undefined
        ? byParameters(region, parameters)
        : [...region.elasticIps.values()].find((each) => each.association?.associationId === associationId);
    if (record === undefined) {
      const message = `The association ID '${associationId ?? ''}' does not exist`;
      throw new AwsError('InvalidAssociationID.NotFound', message);
    }
    mustNotBeOfNat(region, record);
    record.association = undefined;
    await region.settle();
    return done;
  },

  DescribeAddresses(region, parameters) {
    const byAllocation = parameters.list('AllocationId');
    const byAddress = parameters.list('PublicIp');
    const records = selected(byAllocation, region.elasticIps, (id) => region.elasticIp(id));
    const asked = byAddress.map((publicIp) => withPublicIp(region, publicIp));
    const chosen = asked.length === 0 ? records : records.filter((record) => asked.includes(record));
    const found = matching(chosen, parameters, (record) => elasticIpFilters(region, record));
    return { addressesSet: found.map((record) => describeElasticIp(region, record)) };
  },

  DescribeAddressesAttribute(region, parameters) {
    const records = selected(parameters.list('AllocationId'), region.elasticIps, (id) =>
      region.elasticIp(id),
    );
    return { addressSet: records.map(({ publicIp, allocationId }) => ({ publicIp, allocationId })) };
  },
};

function byParameters(region: Region, parameters: Parameters): ElasticIpRecord {
  const publicIp = parameters.text('PublicIp');
  return publicIp === undefined
    ? region.elasticIp(parameters.required('AllocationId'))
    : withPublicIp(region, publicIp);
}

function withPublicIp(region: Region, publicIp: string): ElasticIpRecord {
  const record = [...region.elasticIps.values()].find((each) => each.publicIp === publicIp);
  if (record !== undefined) return record;
  throw new AwsError('InvalidAddress.NotFound', `Address '${publicIp}' not found.`);
}

function associationTarget(
  region: Region,
  parameters: Parameters,
): { readonly interface: InterfaceRecord; readonly privateIp: string } {
  const record = targetInterface(region, parameters);
  const privateIp = parameters.text('PrivateIpAddress') ?? record.addresses[0] ?? '';
  if (record.addresses.includes(privateIp)) return { interface: record, privateIp };
  const message = `The private IP address ${privateIp} is not assigned to ${record.interfaceId}`;
  throw new AwsError('InvalidParameterValue', message);
}

function targetInterface(region: Region, parameters: Parameters): InterfaceRecord {
  const interfaceId = parameters.text('NetworkInterfaceId');
  if (interfaceId !== undefined) return region.interface(interfaceId);
  const instance = region.instance(parameters.required('InstanceId'));
  if (instance.state === 'running' || instance.state === 'stopped') {
    return region.interface(instance.interfaceId);
  }
  const message = `The ${instance.state} instance '${instance.instanceId}' is not in a valid state for this operation.`;
  throw new AwsError('InvalidInstanceID', message);
}

function mustNotBeOfNat(region: Region, record: ElasticIpRecord): void {
  for (const nat of region.natGateways.values()) {
    if (nat.allocationId !== record.allocationId || nat.state !== 'available') continue;
    const message = `You do not have permission to move ${record.publicIp}: it belongs to ${nat.natGatewayId}.`;
    throw new AwsError('AuthFailure', message);
  }
}

/** Lowest free address, so that a lab that is made anew has the same ones. */
function freePublicIp(region: Region): string {
  const range = parseRange(region.elasticIpRange);
  const taken = new Set([...region.elasticIps.values()].map((each) => each.publicIp));
  for (let number = (range?.first ?? 0) + 1; number < (range?.last ?? 0); number += 1) {
    const address = formatAddress(number);
    if (!taken.has(address)) return address;
  }
  const message = `The lab's range ${region.elasticIpRange} has no free address.`;
  throw new AwsError('InsufficientAddressCapacity', message);
}

function elasticIpFilters(region: Region, record: ElasticIpRecord): FilterValues {
  const values: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'allocation-id': [record.allocationId],
    'association-id': [record.association?.associationId],
    domain: ['vpc'],
    'public-ip': [record.publicIp],
    'private-ip-address': [record.association?.privateIp],
    'network-interface-id': [record.association?.interfaceId],
    'network-interface-owner-id': [record.association && accountId],
    'instance-id': [holderInstance(region, record)],
    'network-border-group': [region.name],
  };
  return withTags(region.tagsOf(record.allocationId), (name) => values[name]);
}

function holderInstance(region: Region, { association }: ElasticIpRecord): string | undefined {
  return association && region.interfaces.get(association.interfaceId)?.attachment?.instanceId;
}

function describeElasticIp(region: Region, record: ElasticIpRecord): XmlObject {
  const { association } = record;
  return {
    publicIp: record.publicIp,
    allocationId: record.allocationId,
    domain: 'vpc',
    publicIpv4Pool: 'amazon',
    networkBorderGroup: region.name,
    instanceId: holderInstance(region, record),
    associationId: association?.associationId,
    networkInterfaceId: association?.interfaceId,
    networkInterfaceOwnerId: association && accountId,
    privateIpAddress: association?.privateIp,
    tagSet: tagSet(region, record.allocationId),
  };
}
