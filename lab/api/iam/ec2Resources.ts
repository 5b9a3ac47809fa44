import type { Region } from '../ec2/region';
import { accountId } from '../ec2/region';
import type { Parameters } from '../parameters';
import { partitionOf } from '../partition';
import { resourceTypeOf } from '../resourceType';
import type { RequestedResource } from './evaluate';

/**
 * The resources that EC2 checks for an action (the service authorization reference's table for the actions that
 * hosts may be given). What is not in the table is checked as `*`, which a policy scoped to resources never allows.
 */
export function ec2Resources(region: Region, parameters: Parameters): readonly RequestedResource[] {
  const found = table[parameters.action]?.(region, parameters) ?? [];
  return found.length > 0 ? found : [{ arn: '*', tags: new Map() }];
}

type Find = (region: Region, parameters: Parameters) => RequestedResource[];

const table: Readonly<Record<string, Find>> = {
  AssociateAddress: (region, parameters) => [
    ...elasticIp(region, parameters),
    ...interfaceAndInstance(region, parameters.text('NetworkInterfaceId')),
    ...instances(region, [parameters.text('InstanceId')]),
  ],
  DisassociateAddress: (region, parameters) => {
    const associationId = parameters.text('AssociationId');
    const record = [...region.elasticIps.values()].find(
      ({ association, publicIp }) =>
        (associationId !== undefined && association?.associationId === associationId) ||
        publicIp === parameters.text('PublicIp'),
    );
    return record === undefined
      ? []
      : [
          resource(region, 'elastic-ip', record.allocationId),
          ...interfaceAndInstance(region, record.association?.interfaceId),
        ];
  },
  ReleaseAddress: (region, parameters) => elasticIp(region, parameters),
  AssignPrivateIpAddresses: ownInterface,
  UnassignPrivateIpAddresses: ownInterface,
  ModifyNetworkInterfaceAttribute: ownInterface,
  DeleteNetworkInterface: ownInterface,
  ReplaceRoute: routeTable,
  CreateRoute: routeTable,
  DeleteRoute: routeTable,
  StartInstances: listedInstances,
  StopInstances: listedInstances,
  RebootInstances: listedInstances,
  TerminateInstances: listedInstances,
  ModifyInstanceAttribute: oneInstance,
  GetConsoleOutput: oneInstance,
  AttachVolume: volumeAndInstance,
  DetachVolume: volumeAndInstance,
  DeleteVolume: volumeAndInstance,
  CreateTags: tagged,
  DeleteTags: tagged,
};

function elasticIp(region: Region, parameters: Parameters): RequestedResource[] {
  const byAddress = [...region.elasticIps.values()].find(
    ({ publicIp }) => publicIp === parameters.text('PublicIp'),
  );
  const allocationId = parameters.text('AllocationId') ?? byAddress?.allocationId;
  return allocationId === undefined ? [] : [resource(region, 'elastic-ip', allocationId)];
}

function interfaceAndInstance(region: Region, interfaceId: string | undefined): RequestedResource[] {
  if (interfaceId === undefined) return [];
  const instanceId = region.interfaces.get(interfaceId)?.attachment?.instanceId;
  return [resource(region, 'network-interface', interfaceId), ...instances(region, [instanceId])];
}

function ownInterface(region: Region, parameters: Parameters): RequestedResource[] {
  const id = parameters.text('NetworkInterfaceId');
  return id === undefined ? [] : [resource(region, 'network-interface', id)];
}

function routeTable(region: Region, parameters: Parameters): RequestedResource[] {
  const id = parameters.text('RouteTableId');
  return id === undefined ? [] : [resource(region, 'route-table', id)];
}

function listedInstances(region: Region, parameters: Parameters): RequestedResource[] {
  return instances(region, parameters.list('InstanceId'));
}

function oneInstance(region: Region, parameters: Parameters): RequestedResource[] {
  return instances(region, [parameters.text('InstanceId')]);
}

function instances(region: Region, ids: readonly (string | undefined)[]): RequestedResource[] {
  return ids.flatMap((id) => (id === undefined ? [] : [resource(region, 'instance', id)]));
}

function volumeAndInstance(region: Region, parameters: Parameters): RequestedResource[] {
  const id = parameters.text('VolumeId');
  return [...(id === undefined ? [] : [resource(region, 'volume', id)]), ...oneInstance(region, parameters)];
}

function tagged(region: Region, parameters: Parameters): RequestedResource[] {
  return parameters.list('ResourceId').map((id) => resource(region, resourceTypeOf(id) ?? '*', id));
}

function resource(region: Region, type: string, id: string): RequestedResource {
  return {
    arn: `arn:${partitionOf(region.name).name}:ec2:${region.name}:${accountId}:${type}/${id}`,
    tags: region.tagsOf(id),
  };
}
