import type { NetworkInterface, Route, RouteTable, Vpc } from '../../model';
import type { Region } from './region';
import type { InterfaceRecord, RouteTableRecord, RouteTarget } from './records';

/** The network as the fabric is told of it; undefined before there is a VPC. */
export function toVpc(region: Region): Vpc | undefined {
  const { vpc, subnets, securityGroups } = region.network;
  if (vpc === undefined) return undefined;
  const tables = [...region.routeTables.values()];
  const elasticIps = [...region.elasticIps.values()];
  const ofNat = new Set([...region.natGateways.values()].map((nat) => nat.interfaceId));
  return {
    ...vpc,
    subnets: subnets.map(({ subnetId, cidr }) => ({
      subnetId,
      cidr,
      routeTableId: routeTableOf(tables, subnetId)?.routeTableId ?? '',
    })),
    routeTables: tables.map((table) => toRouteTable(region, table)),
    interfaces: [...region.interfaces.values()].filter((each) => !each.requesterManaged).map(toInterface),
    elasticIps: elasticIps.flatMap(({ publicIp, association }) =>
      association === undefined || ofNat.has(association.interfaceId)
        ? []
        : [{ publicIp, privateIp: association.privateIp, interfaceId: association.interfaceId }],
    ),
    natGateways: [...region.natGateways.values()]
      .filter((nat) => nat.state === 'available')
      .map(({ natGatewayId, subnetId, allocationId }) => ({
        natGatewayId,
        subnetId,
        publicIp: region.elasticIp(allocationId).publicIp,
      })),
    securityGroups: securityGroups.map(({ groupId, ingress, egress }) => ({ groupId, ingress, egress })),
  };
}

/** A subnet's own route table, or the VPC's main one. */
export function routeTableOf(
  tables: readonly RouteTableRecord[],
  subnetId: string,
): RouteTableRecord | undefined {
  const associated = (id: string | undefined) => (table: RouteTableRecord) =>
    [...table.associations.values()].some((association) => association.subnetId === id);
  return tables.find(associated(subnetId)) ?? tables.find(associated(undefined));
}

function toRouteTable(region: Region, table: RouteTableRecord): RouteTable {
  const routes = [...table.routes].flatMap(([destination, target]): Route[] => {
    const usable = usableTarget(region, target);
    return usable === undefined ? [] : [{ destination, target: usable }];
  });
  return { routeTableId: table.routeTableId, routes };
}

/** Undefined for the local route, which the fabric has by itself, and for a target that is gone. */
function usableTarget(region: Region, target: RouteTarget): Route['target'] | undefined {
  switch (target.kind) {
    case 'local':
      return undefined;
    case 'internetGateway':
      return region.network.internetGatewayIds.includes(target.gatewayId) ? { kind: target.kind } : undefined;
    case 'natGateway':
      return region.natGateways.get(target.natGatewayId)?.state === 'available' ? target : undefined;
    case 'networkInterface':
      return region.interfaces.get(target.interfaceId)?.attachment === undefined ? undefined : target;
  }
}

function toInterface(record: InterfaceRecord): NetworkInterface {
  const { interfaceId, subnetId, mac, addresses, sourceDestCheck, securityGroupIds, attachment } = record;
  const plain = {
    interfaceId,
    subnetId,
    mac,
    addresses: [...addresses],
    sourceDestCheck,
    securityGroupIds: [...securityGroupIds],
  };
  return attachment === undefined ? plain : { ...plain, instanceId: attachment.instanceId };
}
