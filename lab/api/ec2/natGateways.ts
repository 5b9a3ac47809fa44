import { AwsError } from '../awsError';
import type { XmlObject } from '../xml';
import { tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import { forgetInterface, newManagedInterface } from './interfaces';
import type { NatGatewayRecord } from './records';
import { newId, type Region } from './region';
import { isLocalZone } from './zones';

export const natGatewayActions: Actions = {
  async CreateNatGateway(region, parameters) {
    const { subnetId, availabilityZone } = region.subnet(parameters.required('SubnetId'));
    if (isLocalZone(region, availabilityZone)) {
      const message = 'Nat Gateway is not available in this availability zone';
      throw new AwsError('NotAvailableInZone', message);
    }
    if (parameters.text('ConnectivityType') === 'private') {
      throw new AwsError('UnsupportedOperation', 'The lab has public NAT gateways only.');
    }
    const elasticIp = region.elasticIp(parameters.required('AllocationId'));
    if (elasticIp.association !== undefined) {
      const message = `Elastic IP address [${elasticIp.allocationId}] is already associated`;
      throw new AwsError('Resource.AlreadyAssociated', message);
    }
    const natGatewayId = newId('nat');
    const own = newManagedInterface(region, subnetId, `Interface for NAT Gateway ${natGatewayId}`);
    const [privateIp = ''] = own.addresses;
    elasticIp.association = {
      associationId: newId('eipassoc'),
      interfaceId: own.interfaceId,
      privateIp,
    };
    const record: NatGatewayRecord = {
      natGatewayId,
      subnetId,
      interfaceId: own.interfaceId,
      allocationId: elasticIp.allocationId,
      createdAt: new Date(),
      state: 'available',
    };
    region.natGateways.set(natGatewayId, record);
    const tags = parameters.tagsFor('natgateway');
    if (tags.size > 0) region.tags.set(natGatewayId, tags);
    await region.settle();
    return { natGateway: describeNatGateway(region, record) };
  },

  async DeleteNatGateway(region, parameters) {
    const record = region.natGateway(parameters.required('NatGatewayId'));
    record.state = 'deleted';
    const own = region.interfaces.get(record.interfaceId);
    if (own !== undefined) forgetInterface(region, own);
    await region.settle();
    return { natGatewayId: record.natGatewayId };
  },

  DescribeNatGateways(region, parameters) {
    const ids = parameters.list('NatGatewayId');
    const records = selected(ids, region.natGateways, (id) => region.natGateway(id));
    const found = matching(records, parameters, (record) => natGatewayFilters(region, record));
    return { natGatewaySet: found.map((record) => describeNatGateway(region, record)) };
  },
};

function natGatewayFilters(region: Region, record: NatGatewayRecord): FilterValues {
  const values: Readonly<Record<string, readonly string[]>> = {
    'nat-gateway-id': [record.natGatewayId],
    'subnet-id': [record.subnetId],
    'vpc-id': [region.network.vpc?.vpcId ?? ''],
    state: [record.state],
  };
  return withTags(region.tagsOf(record.natGatewayId), (name) => values[name]);
}

function describeNatGateway(region: Region, record: NatGatewayRecord): XmlObject {
  const elasticIp = region.elasticIps.get(record.allocationId);
  return {
    natGatewayId: record.natGatewayId,
    subnetId: record.subnetId,
    vpcId: region.network.vpc?.vpcId,
    state: record.state,
    connectivityType: 'public',
    createTime: record.createdAt.toISOString(),
    natGatewayAddressSet: [
      {
        allocationId: record.allocationId,
        associationId: elasticIp?.association?.associationId,
        networkInterfaceId: record.interfaceId,
        privateIp: region.interfaces.get(record.interfaceId)?.addresses[0],
        publicIp: elasticIp?.publicIp,
        isPrimary: true,
        status: 'succeeded',
      },
    ],
    tagSet: tagSet(region, record.natGatewayId),
  };
}
