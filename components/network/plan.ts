import type { Problems } from '../rendering/problems';
import type { SubnetRange } from './addresses';
import { everywhere } from './addresses';
import type { AdoptedNetworkArgs, AdoptedSubnetArgs, NetworkArgs, NewNetworkArgs } from './arguments';
import { isAdopted } from './arguments';
import type { PlannedZone } from './zones';
import { checkSubnets, planZones } from './zones';

/** A network without its resources: what the rest of a plan needs. */
export interface NetworkPlan {
  readonly vpcCidr: string;
  /** All ranges of the VPC. */
  readonly vpcCidrs: readonly string[];
  readonly balancerSubnets: readonly SubnetRange[];
  readonly brokerSubnets: readonly SubnetRange[];
  readonly zones: readonly PlannedZone[];
  /** Where hosts without a public address reach package repositories and AWS's API: everywhere, or in the VPC alone. */
  readonly webCidrs: readonly string[];
  /** NAT gateways that are made, each with an Elastic IP. */
  readonly natGatewayCount: number;
  /** True where route tables are made. */
  readonly hasRouteTables: boolean;
}

/** Decides every range; what is wrong goes to `problems` under `path`. Touches nothing. */
export function planNetwork(args: NetworkArgs, path: string, problems: Problems): NetworkPlan {
  if (problems.refuseOutputs(path, args, ['vpcId', 'subnetId', 'availabilityZones', 'tags']))
    return planNew({ zoneCount: 1 }, path, problems);
  return isAdopted(args) ? planAdopted(args, path, problems) : planNew(args, path, problems);
}

function planNew(args: NewNetworkArgs, path: string, problems: Problems): NetworkPlan {
  const { cidr = '10.20.0.0/16', zoneCount = 3, nat = 'single' } = args;
  const zones = planZones(cidr, zoneCount, path, problems);
  const balancerZoneCount = args.balancerZoneCount ?? Math.min(2, Math.max(1, zones.length));
  problems.wholeNumber(`${path}.balancerZoneCount`, balancerZoneCount, 1, 2, 'availability zones');
  if (zones.length > 0 && balancerZoneCount > zones.length)
    problems.add(
      `${path}.balancerZoneCount`,
      `is ${balancerZoneCount}, and ${path}.zoneCount is ${zones.length}; give at most as many`,
    );
  return {
    vpcCidr: cidr,
    vpcCidrs: [cidr],
    balancerSubnets: zones.slice(0, balancerZoneCount).map(({ publicCidr }) => ({ cidr: publicCidr })),
    brokerSubnets: zones.map(({ privateCidr }) => ({ cidr: privateCidr })),
    zones,
    webCidrs: [everywhere],
    natGatewayCount: nat === 'perZone' ? zones.length : 1,
    hasRouteTables: true,
  };
}

function planAdopted(args: AdoptedNetworkArgs, path: string, problems: Problems): NetworkPlan {
  for (const key of ['balancerSubnets', 'brokerSubnets'] as const)
    if (args[key].length === 0) problems.add(`${path}.${key}`, 'is empty; give at least one subnet');
  if (args.balancerSubnets.length > 2)
    problems.add(
      `${path}.balancerSubnets`,
      `has ${args.balancerSubnets.length} subnets; there are two balancers, so give one or two`,
    );
  const subnets = (['balancerSubnets', 'brokerSubnets'] as const).flatMap((key) =>
    args[key].map((subnet, index) => ({ path: `${path}.${key}[${index}]`, ...rangeOf(subnet) })),
  );
  const vpcCidrs = [args.vpcCidr, ...(args.furtherVpcCidrs ?? [])];
  checkSubnets(vpcCidrs, subnets, path, problems);
  return {
    vpcCidr: args.vpcCidr,
    vpcCidrs,
    balancerSubnets: args.balancerSubnets.map(rangeOf),
    brokerSubnets: args.brokerSubnets.map(rangeOf),
    zones: [],
    webCidrs: args.egress === 'endpoints' ? vpcCidrs : [everywhere],
    natGatewayCount: 0,
    hasRouteTables: false,
  };
}

function rangeOf({ cidr, plannedBlock }: AdoptedSubnetArgs): SubnetRange {
  return { cidr, ...(plannedBlock === undefined ? {} : { plannedBlock }) };
}
