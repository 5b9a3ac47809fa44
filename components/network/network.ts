import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import { makeNetwork } from './made';
import { typeToken } from '../rendering/naming';
import { formatCidr, parseCidr, plannedBlock } from './addresses';
import { checkSubnets, planNetwork } from './zones';
import type { PlannedZone } from './zones';
import { Problems } from '../rendering/problems';

/** A VPC that is to be made. */
export interface NewNetworkArgs {
  /** The VPC's range, /16 to /22. Defaults to `10.20.0.0/16`. */
  cidr?: string;
  /** How many availability zones, 1 to 6: brokers and balancers are spread over them. Defaults to 3. */
  zoneCount?: number;
  /** Over how many of them the balancers are spread, 1 or 2; `virtualIp.mode: privateIp` needs 1. Defaults to 2, or 1 where there is but one zone. */
  balancerZoneCount?: number;
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
  /** NAT gateways that are made, each with an Elastic IP. */
  readonly natGatewayCount: number;
  /** True where route tables are made. */
  readonly hasRouteTables: boolean;
}

/** True where the arguments name a VPC that exists. */
export function isAdopted(args: NetworkArgs): args is AdoptedNetworkArgs & NetworkArgs {
  return 'vpcId' in args;
}

/** Decides every range; what is wrong goes to `problems` under `path`. Touches nothing. */
export function planNetworkArgs(args: NetworkArgs, path: string, problems: Problems): NetworkPlan {
  if (!isAdopted(args)) {
    const { cidr, zones } = planNetwork(args.cidr ?? '10.20.0.0/16', args.zoneCount ?? 3, path, problems);
    const balancerZoneCount = args.balancerZoneCount ?? Math.min(2, Math.max(1, zones.length));
    problems.wholeNumber(`${path}.balancerZoneCount`, balancerZoneCount, 1, 2, 'availability zones');
    if (zones.length > 0 && balancerZoneCount > zones.length)
      problems.add(
        `${path}.balancerZoneCount`,
        `is ${balancerZoneCount}, and ${path}.zoneCount is ${zones.length}; give at most as many`,
      );
    return {
      vpcCidr: cidr,
      balancerCidrs: zones.slice(0, balancerZoneCount).map(({ publicCidr }) => publicCidr),
      brokerCidrs: zones.map(({ privateCidr }) => privateCidr),
      zones,
      natGatewayCount: args.nat === 'perZone' ? zones.length : 1,
      hasRouteTables: true,
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
    natGatewayCount: 0,
    hasRouteTables: false,
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
  /** Every route table that was made, by name; none where the network was adopted. */
  readonly routeTableIds: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: NetworkArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('Network'), name, {}, opts);
    const problems = new Problems();
    const plan = planNetworkArgs(args, 'network', problems);
    problems.throwIfAny(`Network ${name}`);

    const made = isAdopted(args) ? adopt(args) : makeNetwork(name, args, plan, this);
    this.vpcId = made.vpcId;
    this.vpcCidr = plan.vpcCidr;
    this.balancerSubnets = made.balancerSubnets;
    this.brokerSubnets = made.brokerSubnets;
    this.routeTableIds = made.routeTableIds;
    this.egress = [...made.egress, ...reservePlannedAddresses(name, made, this)];
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

/** The parts of a network, made or adopted. */
export type NetworkParts = Pick<
  Network,
  'vpcId' | 'balancerSubnets' | 'brokerSubnets' | 'egress' | 'routeTableIds'
>;

function adopt(args: AdoptedNetworkArgs): NetworkParts {
  const subnets = (given: readonly AdoptedSubnetArgs[]) =>
    given.map(({ subnetId, cidr }) => ({ subnetId: pulumi.output(subnetId), cidr }));
  return {
    vpcId: pulumi.output(args.vpcId),
    balancerSubnets: subnets(args.balancerSubnets),
    brokerSubnets: subnets(args.brokerSubnets),
    egress: [],
    routeTableIds: {},
  };
}

/** An explicit reservation keeps AWS from handing a planned address to something else. */
function reservePlannedAddresses(
  name: string,
  made: NetworkParts,
  parent: Network,
): readonly pulumi.Resource[] {
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
