import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from './naming';
import { tagged, typeToken } from './naming';
import { formatCidr, parseCidr, plannedBlock } from './plan/addresses';
import { checkSubnets, planNetwork } from './plan/network';
import type { PlannedZone } from './plan/network';
import { Problems } from './plan/problems';

/** A VPC that is to be made. */
export interface NewNetworkArgs {
  /** The VPC's range, /16 to /22. Defaults to `10.20.0.0/16`. */
  cidr?: string;
  /** How many availability zones, 1 to 6: brokers and balancers are spread over them. Defaults to 3. */
  zoneCount?: number;
  /** The zones' names, at least zoneCount of them. Defaults to the region's first ones. */
  availabilityZones?: pulumi.Input<string[]>;
  /** One NAT gateway for all zones (`single`) or one in each (`perZone`). Defaults to `single`. */
  nat?: 'single' | 'perZone';
}

/** A subnet of a VPC that exists already. */
export interface AdoptedSubnetArgs {
  /** Its id. */
  subnetId: pulumi.Input<string>;
  /** Its IPv4 range, a /26 or larger: hosts get planned addresses within .32 to .63. */
  cidr: string;
}

/** A VPC that exists already and is not touched, but for reservations of addresses in its subnets. */
export interface AdoptedNetworkArgs {
  /** The VPC's id. */
  vpcId: pulumi.Input<string>;
  /** The VPC's IPv4 range. */
  vpcCidr: string;
  /** Where the balancers are placed: one subnet, or two in different zones. */
  balancerSubnets: AdoptedSubnetArgs[];
  /** Where the brokers are placed, in turn. */
  brokerSubnets: AdoptedSubnetArgs[];
  /**
   * How hosts without a public address reach package repositories and AWS's API: `nat` (a NAT gateway or instance),
   * or `endpoints` (interface endpoints, and a package mirror in the image's sources). There is no default: a host
   * without a way out never becomes ready.
   */
  egress: 'nat' | 'endpoints';
}

/** Either makes a network or adopts one. */
export type NetworkArgs = (NewNetworkArgs | AdoptedNetworkArgs) & {
  /** Keeps the VPC and its subnets from being deleted by mistake. Defaults to false. */
  protect?: boolean;
  /** Tags on everything that can carry them. */
  tags?: Tags;
};

/** A subnet to place hosts in. */
export interface NetworkSubnet {
  readonly subnetId: pulumi.Output<string>;
  readonly cidr: string;
}

/** A network without its resources: what the rest of a plan needs. */
export interface NetworkPlan {
  readonly vpcCidr: string;
  readonly balancerCidrs: readonly string[];
  readonly brokerCidrs: readonly string[];
  readonly zones: readonly PlannedZone[];
}

/** True where the arguments name a VPC that exists. */
export function isAdopted(args: NetworkArgs): args is AdoptedNetworkArgs & NetworkArgs {
  return 'vpcId' in args;
}

/** Decides every range; what is wrong goes to `problems` under `path`. Touches nothing. */
export function planNetworkArgs(args: NetworkArgs, path: string, problems: Problems): NetworkPlan {
  if (!isAdopted(args)) {
    const { cidr, zones } = planNetwork(args.cidr ?? '10.20.0.0/16', args.zoneCount ?? 3, path, problems);
    return {
      vpcCidr: cidr,
      balancerCidrs: zones.slice(0, 2).map(({ publicCidr }) => publicCidr),
      brokerCidrs: zones.map(({ privateCidr }) => privateCidr),
      zones,
    };
  }
  for (const key of ['balancerSubnets', 'brokerSubnets'] as const)
    if (args[key].length === 0) problems.add(`${path}.${key}`, 'is empty; give at least one subnet');
  if (args.balancerSubnets.length > 2)
    problems.add(
      `${path}.balancerSubnets`,
      `has ${args.balancerSubnets.length} subnets; there are two balancers, so give one or two`,
    );
  const subnets = (['balancerSubnets', 'brokerSubnets'] as const).flatMap((key) =>
    args[key].map(({ cidr }, index) => ({ path: `${path}.${key}[${index}].cidr`, cidr })),
  );
  checkSubnets(args.vpcCidr, subnets, path, problems);
  return {
    vpcCidr: args.vpcCidr,
    balancerCidrs: args.balancerSubnets.map(({ cidr }) => cidr),
    brokerCidrs: args.brokerSubnets.map(({ cidr }) => cidr),
    zones: [],
  };
}

/**
 * A network for the platform: public subnets for the balancers, private ones for the brokers with a NAT gateway as
 * their way out; or an existing VPC. In every subnet the block .32/27 is reserved for planned addresses.
 *
 * Throws InputPropertiesError with every problem at once: ranges that are no CIDR, that do not lie in the VPC or
 * overlap, subnets too small, a zone count out of 1 to 6.
 */
export class Network extends pulumi.ComponentResource {
  /** The VPC. */
  readonly vpcId: pulumi.Output<string>;
  /** Its IPv4 range. */
  readonly vpcCidr: string;
  /** Subnets for the balancers, one or two. */
  readonly balancerSubnets: readonly NetworkSubnet[];
  /** Subnets for the brokers. */
  readonly brokerSubnets: readonly NetworkSubnet[];
  /** What a host must wait for before it can reach anything: routes and NAT. */
  readonly egress: readonly pulumi.Resource[];

  constructor(name: string, args: NetworkArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('Network'), name, {}, opts);
    const problems = new Problems();
    const plan = planNetworkArgs(args, 'network', problems);
    problems.throwIfAny(`Network ${name}`);

    const made = isAdopted(args) ? adopt(args) : make(name, args, plan, this);
    this.vpcId = made.vpcId;
    this.vpcCidr = plan.vpcCidr;
    this.balancerSubnets = made.balancerSubnets;
    this.brokerSubnets = made.brokerSubnets;
    this.egress = [...made.egress, ...reservePlannedAddresses(name, made, this)];
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

type Made = Pick<Network, 'vpcId' | 'balancerSubnets' | 'brokerSubnets' | 'egress'>;

function adopt(args: AdoptedNetworkArgs): Made {
  const subnets = (given: readonly AdoptedSubnetArgs[]) =>
    given.map(({ subnetId, cidr }) => ({ subnetId: pulumi.output(subnetId), cidr }));
  return {
    vpcId: pulumi.output(args.vpcId),
    balancerSubnets: subnets(args.balancerSubnets),
    brokerSubnets: subnets(args.brokerSubnets),
    egress: [],
  };
}

function make(name: string, args: NewNetworkArgs & NetworkArgs, plan: NetworkPlan, parent: Network): Made {
  const tags = (resource: string) => tagged(name, resource, args.tags);
  const kept = { parent, protect: args.protect ?? false };
  const vpc = new aws.ec2.Vpc(
    `${name}-vpc`,
    { cidrBlock: plan.vpcCidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags(`${name}-vpc`) },
    kept,
  );
  const zoneNames = pulumi.output(
    args.availabilityZones ?? aws.getAvailabilityZonesOutput({ state: 'available' }, { parent }).names,
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
      kept,
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
    .slice(0, args.nat === 'perZone' ? publicSubnets.length : 1)
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

  const placed = (subnets: readonly aws.ec2.Subnet[], cidrs: readonly string[]) =>
    cidrs.flatMap((cidr, index) => {
      const made = subnets[index];
      return made === undefined ? [] : [{ subnetId: made.id, cidr }];
    });
  return {
    vpcId: vpc.id,
    balancerSubnets: placed(publicSubnets, plan.balancerCidrs),
    brokerSubnets: placed(privateSubnets, plan.brokerCidrs),
    egress: [...ways, ...privatePaths],
  };
}

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
  parent: Network,
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
  parent: Network,
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
  parent: Network,
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

/** An explicit reservation keeps AWS from handing a planned address to something else. */
function reservePlannedAddresses(name: string, made: Made, parent: Network): readonly pulumi.Resource[] {
  const subnets = new Map(
    [...made.balancerSubnets, ...made.brokerSubnets].map((subnet) => [subnet.cidr, subnet]),
  );
  return [...subnets.values()].flatMap(({ cidr, subnetId }) => {
    const range = parseCidr(cidr);
    if (range === undefined) return [];
    return [
      new aws.ec2.SubnetCidrReservation(
        `${name}-planned-${cidr.replace(/[./]/g, '-')}`,
        {
          subnetId,
          cidrBlock: formatCidr(plannedBlock(range)),
          reservationType: 'explicit',
          description: `planned addresses of ${name}`,
        },
        { parent },
      ),
    ];
  });
}
