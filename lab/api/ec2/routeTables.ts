import { AwsError } from '../awsError';
import { formatAddress, parseRange } from '../../ipv4';
import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import { done, tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import type { RouteTableRecord, RouteTarget } from './records';
import { accountId, newId, type Region } from './region';

export const routeTableActions: Actions = {
  CreateRouteTable(region, parameters) {
    const { vpc } = region.network;
    const vpcId = parameters.required('VpcId');
    if (vpc?.vpcId !== vpcId) {
      throw new AwsError('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`);
    }
    const record = newRouteTable(region, vpc);
    const tags = parameters.tagsFor('route-table');
    if (tags.size > 0) region.tags.set(record.routeTableId, tags);
    return { routeTable: describeRouteTable(region, record) };
  },

  async DeleteRouteTable(region, parameters) {
    const record = region.routeTable(parameters.required('RouteTableId'));
    if (record.associations.size > 0) {
      const message = `The routeTable '${record.routeTableId}' has dependencies and cannot be deleted.`;
      throw new AwsError('DependencyViolation', message);
    }
    forgetRouteTable(region, record);
    await region.settle();
    return done;
  },

  DescribeRouteTables(region, parameters) {
    const ids = parameters.list('RouteTableId');
    const records = selected(ids, region.routeTables, (id) => region.routeTable(id));
    const found = matching(records, parameters, (record) => routeTableFilters(region, record));
    return { routeTableSet: found.map((record) => describeRouteTable(region, record)) };
  },

  async AssociateRouteTable(region, parameters) {
    const record = region.routeTable(parameters.required('RouteTableId'));
    const { subnetId } = region.subnet(parameters.required('SubnetId'));
    for (const table of region.routeTables.values()) {
      for (const [associationId, association] of table.associations) {
        if (association.subnetId !== subnetId) continue;
        if (table === record) return associated(associationId);
        const message = `The specified association for subnet ${subnetId} conflicts with an existing association`;
        throw new AwsError('Resource.AlreadyAssociated', message);
      }
    }
    const associationId = newId('rtbassoc');
    record.associations.set(associationId, { subnetId });
    await region.settle();
    return associated(associationId);
  },

  async DisassociateRouteTable(region, parameters) {
    const associationId = parameters.required('AssociationId');
    const record = tableOfAssociation(region, associationId);
    if (record.associations.get(associationId)?.subnetId === undefined) {
      const message = 'The main association of a VPC cannot be removed, only replaced.';
      throw new AwsError('InvalidParameterValue', message);
    }
    record.associations.delete(associationId);
    await region.settle();
    return done;
  },

  async ReplaceRouteTableAssociation(region, parameters) {
    const formerId = parameters.required('AssociationId');
    const former = tableOfAssociation(region, formerId);
    const record = region.routeTable(parameters.required('RouteTableId'));
    const association = former.associations.get(formerId) ?? {};
    former.associations.delete(formerId);
    const newAssociationId = newId('rtbassoc');
    record.associations.set(newAssociationId, association);
    await region.settle();
    return { newAssociationId, associationState: { state: 'associated' } };
  },

  async CreateRoute(region, parameters) {
    const record = region.routeTable(parameters.required('RouteTableId'));
    const destination = destinationOf(region, parameters);
    const target = targetOf(region, parameters);
    const existing = record.routes.get(destination);
    if (existing !== undefined && JSON.stringify(existing) !== JSON.stringify(target)) {
      const message = `The route identified by ${destination} already exists.`;
      throw new AwsError('RouteAlreadyExists', message);
    }
    record.routes.set(destination, target);
    await region.settle();
    return done;
  },

  async ReplaceRoute(region, parameters) {
    const record = region.routeTable(parameters.required('RouteTableId'));
    const destination = destinationOf(region, parameters);
    const target = targetOf(region, parameters);
    mustHaveRoute(record, destination);
    record.routes.set(destination, target);
    await region.settle();
    return done;
  },

  async DeleteRoute(region, parameters) {
    const record = region.routeTable(parameters.required('RouteTableId'));
    const destination = destinationOf(region, parameters);
    mustHaveRoute(record, destination);
    record.routes.delete(destination);
    await region.settle();
    return done;
  },
};

/** A table with the local route; the VPC's first is its main one. */
export function newRouteTable(
  region: Region,
  vpc: { readonly vpcId: string; readonly cidr: string },
  main = false,
): RouteTableRecord {
  const record: RouteTableRecord = {
    routeTableId: newId('rtb'),
    vpcId: vpc.vpcId,
    routes: new Map([[vpc.cidr, { kind: 'local' }]]),
    associations: new Map(main ? [[newId('rtbassoc'), {}]] : []),
  };
  region.routeTables.set(record.routeTableId, record);
  return record;
}

export function forgetRouteTable(region: Region, record: RouteTableRecord): void {
  region.routeTables.delete(record.routeTableId);
  region.tags.delete(record.routeTableId);
}

function associated(associationId: string): XmlObject {
  return { associationId, associationState: { state: 'associated' } };
}

function tableOfAssociation(region: Region, associationId: string): RouteTableRecord {
  for (const table of region.routeTables.values()) if (table.associations.has(associationId)) return table;
  const message = `The association ID '${associationId}' does not exist`;
  throw new AwsError('InvalidAssociationID.NotFound', message);
}

function destinationOf(region: Region, parameters: Parameters): string {
  const given = parameters.text('DestinationCidrBlock');
  const range = given === undefined ? undefined : parseRange(given);
  if (range === undefined) {
    const message = `lab: routes have an IPv4 DestinationCidrBlock such as 0.0.0.0/0, not '${given ?? 'nothing'}'`;
    throw new AwsError('InvalidParameterValue', message);
  }
  const destination = `${formatAddress(range.first)}/${range.prefix}`;
  const { vpc } = region.network;
  if (vpc?.cidr === destination) {
    throw new AwsError(
      'InvalidParameterValue',
      `The local route ${destination} cannot be changed in the lab.`,
    );
  }
  return destination;
}

function targetOf(region: Region, parameters: Parameters): RouteTarget {
  const gatewayId = parameters.text('GatewayId');
  if (gatewayId !== undefined) {
    if (!region.network.internetGatewayIds.includes(gatewayId)) {
      const message = `route table and internet gateway ${gatewayId} belong to different networks`;
      throw new AwsError('InvalidParameterValue', message);
    }
    return { kind: 'internetGateway', gatewayId };
  }
  const natGatewayId = parameters.text('NatGatewayId');
  if (natGatewayId !== undefined) {
    return { kind: 'natGateway', natGatewayId: region.natGateway(natGatewayId).natGatewayId };
  }
  const interfaceId = parameters.text('NetworkInterfaceId');
  if (interfaceId !== undefined) {
    return { kind: 'networkInterface', interfaceId: region.interface(interfaceId).interfaceId };
  }
  const instanceId = parameters.text('InstanceId');
  if (instanceId !== undefined) {
    return { kind: 'networkInterface', interfaceId: region.instance(instanceId).interfaceId };
  }
  const allowed = 'GatewayId (an internet gateway), NatGatewayId, NetworkInterfaceId or InstanceId';
  throw new AwsError('InvalidParameterCombination', `lab: a route's target is ${allowed}`);
}

function mustHaveRoute(record: RouteTableRecord, destination: string): void {
  if (record.routes.has(destination)) return;
  const message = `no route with destination-cidr-block ${destination} in route table ${record.routeTableId}`;
  throw new AwsError('InvalidRoute.NotFound', message);
}

function routeTableFilters(region: Region, record: RouteTableRecord): FilterValues {
  const associations = [...record.associations];
  const targets = [...record.routes.values()].map(describeTarget);
  const values: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'route-table-id': [record.routeTableId],
    'vpc-id': [record.vpcId],
    'association.route-table-id': associations.map(() => record.routeTableId),
    'association.route-table-association-id': associations.map(([id]) => id),
    'association.subnet-id': associations.map(([, association]) => association.subnetId),
    'association.main': associations.map(([, { subnetId }]) => String(subnetId === undefined)),
    'route.destination-cidr-block': [...record.routes.keys()],
    'route.gateway-id': targets.map((target) => target.gatewayId),
    'route.nat-gateway-id': targets.map((target) => target.natGatewayId),
  };
  return withTags(region.tagsOf(record.routeTableId), (name) => values[name]);
}

function describeRouteTable(region: Region, record: RouteTableRecord): XmlObject {
  return {
    routeTableId: record.routeTableId,
    vpcId: record.vpcId,
    ownerId: accountId,
    routeSet: [...record.routes].map(([destinationCidrBlock, target]) => ({
      destinationCidrBlock,
      ...describeTarget(target),
      ...describeInterfaceTarget(region, target),
      state: isBlackhole(region, target) ? 'blackhole' : 'active',
      origin: target.kind === 'local' ? 'CreateRouteTable' : 'CreateRoute',
    })),
    associationSet: [...record.associations].map(([routeTableAssociationId, { subnetId }]) => ({
      routeTableAssociationId,
      routeTableId: record.routeTableId,
      subnetId,
      main: subnetId === undefined,
      associationState: { state: 'associated' },
    })),
    propagatingVgwSet: [],
    tagSet: tagSet(region, record.routeTableId),
  };
}

function describeTarget(target: RouteTarget): { gatewayId?: string; natGatewayId?: string } {
  switch (target.kind) {
    case 'local':
      return { gatewayId: 'local' };
    case 'internetGateway':
      return { gatewayId: target.gatewayId };
    case 'natGateway':
      return { natGatewayId: target.natGatewayId };
    case 'networkInterface':
      return {};
  }
}

function describeInterfaceTarget(region: Region, target: RouteTarget): XmlObject {
  if (target.kind !== 'networkInterface') return {};
  const instanceId = region.interfaces.get(target.interfaceId)?.attachment?.instanceId;
  return {
    networkInterfaceId: target.interfaceId,
    instanceId,
    instanceOwnerId: instanceId === undefined ? undefined : accountId,
  };
}

/** A route stays when its target goes or stops, and drops what it is given. */
function isBlackhole(region: Region, target: RouteTarget): boolean {
  switch (target.kind) {
    case 'local':
      return false;
    case 'internetGateway':
      return !region.network.internetGatewayIds.includes(target.gatewayId);
    case 'natGateway':
      return region.natGateways.get(target.natGatewayId)?.state !== 'available';
    case 'networkInterface': {
      const { attachment } = region.interfaces.get(target.interfaceId) ?? {};
      return attachment === undefined || region.instances.get(attachment.instanceId)?.state !== 'running';
    }
  }
}
