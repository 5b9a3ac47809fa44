import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import { tagged } from '../rendering/naming';
import type { SubnetRange } from './addresses';
import type { NetworkArgs, NewNetworkArgs } from './arguments';
import type { NetworkParts } from './parts';
import type { NetworkPlan } from './plan';

/** A VPC with an internet gateway, a public and a private subnet in each zone, and NAT for the private ones. */
export function makeNetwork(
  name: string,
  args: NewNetworkArgs & NetworkArgs,
  plan: NetworkPlan,
  parent: pulumi.Resource,
): NetworkParts {
  const tags = (resource: string) => tagged(name, resource, args.tags);
  const kept = { parent, protect: args.protect ?? false };
  const vpc = new aws.ec2.Vpc(
    `${name}-vpc`,
    { cidrBlock: plan.vpcCidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags(`${name}-vpc`) },
    kept,
  );
  const zoneNames = pulumi.output(
    args.availabilityZones ??
      aws.getAvailabilityZonesOutput({ state: 'available', filters: regionsOwn }, { parent }).names,
  );
  const subnet = (suffix: string, index: number, cidrBlock: string) =>
    new aws.ec2.Subnet(
      `${name}-${suffix}`,
      {
        vpcId: vpc.id,
        cidrBlock,
        availabilityZone: zoneAt(zoneNames, index),
        tags: tags(`${name}-${suffix}`),
      },
      // Chosen once: the list of zones changes, and a subnet in another zone is another subnet.
      { ...kept, ignoreChanges: ['availabilityZone'] },
    );
  const gateway = new aws.ec2.InternetGateway(
    `${name}-internet`,
    { vpcId: vpc.id, tags: tags(`${name}-internet`) },
    { parent },
  );
  const publicRoutes = routeTable(name, 'public', vpc, { gatewayId: gateway.id }, tags, parent);
  const publicSubnets = plan.zones.map(({ index, publicCidr }) =>
    subnet(`public-${index + 1}`, index, publicCidr),
  );
  const publicPaths = publicSubnets.map((made, index) =>
    associate(`${name}-public-${index + 1}`, made, publicRoutes.table, parent),
  );
  const ways = [publicRoutes.route, ...publicPaths];

  const nats = publicSubnets
    .slice(0, plan.natGatewayCount)
    .map((made, index) =>
      natGateway(`${name}-nat-${index + 1}`, made, tags, args.protect ?? false, parent, ways),
    );
  const privateTables = nats.map((nat, index) =>
    routeTable(name, `private-${index + 1}`, vpc, { natGatewayId: nat.id }, tags, parent),
  );
  const privateSubnets = plan.zones.map(({ index, privateCidr }) =>
    subnet(`private-${index + 1}`, index, privateCidr),
  );
  const privatePaths = privateSubnets.flatMap((made, index) => {
    const routes = privateTables[index] ?? privateTables[0];
    return routes === undefined
      ? []
      : [associate(`${name}-private-${index + 1}`, made, routes.table, parent), routes.route];
  });

  const placed = (subnets: readonly aws.ec2.Subnet[], ranges: readonly SubnetRange[]) =>
    ranges.flatMap((range, index) => {
      const made = subnets[index];
      return made === undefined ? [] : [{ subnetId: made.id, ...range }];
    });
  return {
    vpcId: vpc.id,
    balancerSubnets: placed(publicSubnets, plan.balancerSubnets),
    brokerSubnets: placed(privateSubnets, plan.brokerSubnets),
    egress: [...ways, ...privatePaths],
    routeTableIds: {
      public: publicRoutes.table.id,
      ...Object.fromEntries(
        privateTables.map(({ table }, index) => [`private-${index + 1}`, table.id] as const),
      ),
    },
  };
}

/** Not the Local and Wavelength Zones that an account may opt in to: they have no NAT gateways and few types. */
const regionsOwn = [{ name: 'opt-in-status', values: ['opt-in-not-required'] }];

function zoneAt(zoneNames: pulumi.Output<string[]>, index: number): pulumi.Output<string> {
  return zoneNames.apply((names) => {
    const zone = names[index % Math.max(1, names.length)];
    if (zone === undefined)
      throw new Error('network.availabilityZones: the region names no availability zone; give their names');
    return zone;
  });
}

function routeTable(
  name: string,
  suffix: string,
  vpc: aws.ec2.Vpc,
  target: { gatewayId: pulumi.Output<string> } | { natGatewayId: pulumi.Output<string> },
  tags: (resource: string) => Tags,
  parent: pulumi.Resource,
): { table: aws.ec2.RouteTable; route: aws.ec2.Route } {
  const table = new aws.ec2.RouteTable(
    `${name}-${suffix}`,
    { vpcId: vpc.id, tags: tags(`${name}-${suffix}`) },
    { parent },
  );
  const route = new aws.ec2.Route(
    `${name}-${suffix}-default`,
    { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', ...target },
    { parent },
  );
  return { table, route };
}

function associate(
  name: string,
  subnet: aws.ec2.Subnet,
  table: aws.ec2.RouteTable,
  parent: pulumi.Resource,
): pulumi.Resource {
  return new aws.ec2.RouteTableAssociation(
    `${name}-routes`,
    { subnetId: subnet.id, routeTableId: table.id },
    { parent },
  );
}

function natGateway(
  name: string,
  subnet: aws.ec2.Subnet,
  tags: (resource: string) => Tags,
  protect: boolean,
  parent: pulumi.Resource,
  ways: readonly pulumi.Resource[],
): aws.ec2.NatGateway {
  const address = new aws.ec2.Eip(
    `${name}-address`,
    { domain: 'vpc', tags: tags(`${name}-address`) },
    { parent, protect },
  );
  return new aws.ec2.NatGateway(
    name,
    { allocationId: address.id, subnetId: subnet.id, tags: tags(name) },
    { parent, dependsOn: [...ways] },
  );
}
