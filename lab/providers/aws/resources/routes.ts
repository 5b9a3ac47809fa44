import type { Route as Ec2Route } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import { isGone, present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, object, optional, output, required, set, text, type Values } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

const targets = {
  gatewayId: optional(text),
  natGatewayId: optional(text),
  networkInterfaceId: chosen(text),
  vpcEndpointId: optional(text),
  transitGatewayId: optional(text),
  vpcPeeringConnectionId: optional(text),
};
const inlineRoute = { cidrBlock: required(text), ...targets };

export const routeTable = resource({
  token: 'aws:ec2/routeTable:RouteTable',
  inputs: { routes: chosen(set(object(inlineRoute))), vpcId: required(text, { replaces: true }) },
  outputs: { arn: output(text), ownerId: output(text) },
  tagging: ec2Tagging,

  async create(call, { vpcId }) {
    const TagSpecifications = tagSpecifications('route-table', call.tags);
    const made = await (await call.ec2()).createRouteTable({ VpcId: vpcId, TagSpecifications });
    return present(made.RouteTable?.RouteTableId, "the route table's id");
  },

  async settle(call, id, { routes = [] }) {
    for (const { cidrBlock, ...target } of routes) await putRoute(call, id, cidrBlock, target);
  },

  async read(call, id) {
    const found = await findTable(call, id);
    if (found === undefined) return undefined;
    return {
      routes: ownRoutes(found.Routes).map((route) => ({
        cidrBlock: route.DestinationCidrBlock ?? '',
        ...target(route),
      })),
      vpcId: found.VpcId,
      arn: ec2Arn(call, found.OwnerId, 'route-table', id),
      ownerId: found.OwnerId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { before, after }) {
    const wanted = after.routes ?? [];
    const gone = (before.routes ?? []).filter(
      (old) => !wanted.some(({ cidrBlock }) => cidrBlock === old.cidrBlock),
    );
    for (const { cidrBlock } of gone) await removeRoute(call, id, cidrBlock);
    for (const { cidrBlock, ...target } of wanted) await putRoute(call, id, cidrBlock, target);
  },

  async delete(call, id) {
    const ec2 = await call.ec2();
    await call.retry(/^DependencyViolation/, () => ec2.deleteRouteTable({ RouteTableId: id }));
  },
});

/** One route of a table; another target is put in its place without a gap. */
export const route = resource({
  token: 'aws:ec2/route:Route',
  inputs: {
    ...targets,
    destinationCidrBlock: optional(text, { replaces: true }),
    routeTableId: required(text, { replaces: true }),
  },
  outputs: {
    instanceId: output(text),
    instanceOwnerId: output(text),
    origin: output(text),
    state: output(text),
  },
  check: ({ destinationCidrBlock, ...rest }): Record<string, string> => {
    const given = Object.keys(targets).filter((name) => name in rest);
    if (destinationCidrBlock === undefined)
      return { destinationCidrBlock: 'a route needs destinationCidrBlock: the lab has IPv4 only' };
    return given.length === 1
      ? {}
      : {
          gatewayId: `a route needs one target of ${Object.keys(targets).join(', ')}; given are ${given.length}`,
        };
  },

  async create(call, { routeTableId, destinationCidrBlock = '', ...rest }) {
    const ec2 = await call.ec2();
    await call.propagated(/^Invalid(RouteTableID|GatewayID|NatGatewayID|NetworkInterfaceID)\.NotFound/, () =>
      ec2.createRoute({
        RouteTableId: routeTableId,
        DestinationCidrBlock: destinationCidrBlock,
        ...targetParameters(rest),
      }),
    );
    return routeId(routeTableId, destinationCidrBlock);
  },

  async read(call, id, known) {
    // An import is written TABLE_DESTINATION.
    const [table = '', destination = ''] = id.split('_');
    const routeTableId = known.routeTableId ?? table;
    const destinationCidrBlock = known.destinationCidrBlock ?? destination;
    const found = ownRoutes((await findTable(call, routeTableId))?.Routes).find(
      (one) => one.DestinationCidrBlock === destinationCidrBlock,
    );
    if (found === undefined) return undefined;
    return {
      id: routeId(routeTableId, destinationCidrBlock),
      ...target(found),
      destinationCidrBlock,
      routeTableId,
      instanceId: found.InstanceId,
      instanceOwnerId: found.InstanceOwnerId,
      origin: found.Origin,
      state: found.State,
    };
  },

  async update(call, _id, { after }) {
    const { routeTableId, destinationCidrBlock = '', ...rest } = after;
    await (
      await call.ec2()
    ).replaceRoute({
      RouteTableId: routeTableId,
      DestinationCidrBlock: destinationCidrBlock,
      ...targetParameters(rest),
    });
  },

  unsettled: () => ['instanceId', 'instanceOwnerId', 'state'],

  async delete(call, _id, { routeTableId = '', destinationCidrBlock = '' }) {
    await removeRoute(call, routeTableId, destinationCidrBlock);
  },
});

/** The official provider's id: table and a hash of the destination. */
function routeId(routeTableId: string, destination: string): string {
  return `r-${routeTableId}${createHash('sha256').update(destination).digest().readUInt32BE(0)}`;
}

type Targets = Partial<Values<typeof targets>>;

function targetParameters(given: Targets) {
  return {
    GatewayId: given.gatewayId,
    NatGatewayId: given.natGatewayId,
    NetworkInterfaceId: given.networkInterfaceId,
    VpcEndpointId: given.vpcEndpointId,
    TransitGatewayId: given.transitGatewayId,
    VpcPeeringConnectionId: given.vpcPeeringConnectionId,
  };
}

function target(route: Ec2Route) {
  const endpoint = route.GatewayId?.startsWith('vpce-') === true;
  return {
    gatewayId: endpoint ? undefined : route.GatewayId,
    natGatewayId: route.NatGatewayId,
    networkInterfaceId: route.NetworkInterfaceId,
    vpcEndpointId: endpoint ? route.GatewayId : undefined,
    transitGatewayId: route.TransitGatewayId,
    vpcPeeringConnectionId: route.VpcPeeringConnectionId,
  };
}

/** Without the VPC's local route, and those that a VPN or an endpoint put there. */
function ownRoutes(routes: readonly Ec2Route[] | undefined): Ec2Route[] {
  return (routes ?? []).filter(
    ({ GatewayId, Origin, DestinationCidrBlock }) =>
      GatewayId !== 'local' && Origin !== 'EnableVgwRoutePropagation' && DestinationCidrBlock !== undefined,
  );
}

async function findTable(call: Call, id: string) {
  try {
    return (await (await call.ec2()).describeRouteTables({ RouteTableIds: [id] })).RouteTables?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Adds the route, or gives the one that is there another target. */
async function putRoute(
  call: Call,
  RouteTableId: string,
  DestinationCidrBlock: string,
  to: Targets,
): Promise<void> {
  const ec2 = await call.ec2();
  const parameters = { RouteTableId, DestinationCidrBlock, ...targetParameters(to) };
  try {
    await ec2.createRoute(parameters);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'RouteAlreadyExists')) throw error;
    await ec2.replaceRoute(parameters);
  }
}

async function removeRoute(call: Call, RouteTableId: string, DestinationCidrBlock: string): Promise<void> {
  try {
    await (await call.ec2()).deleteRoute({ RouteTableId, DestinationCidrBlock });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
