import { isIPv4 } from 'node:net';
import type { Cidr, SubnetRange } from '../network/addresses';
import {
  balancerVipAddress,
  containsAddress,
  everywhere,
  formatCidr,
  parseCidr,
  plannedBlock,
  privateVipAddress,
} from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { VirtualIpArgs } from './arguments';

/** What the network decides about an address. */
export interface VirtualIpSurroundings {
  readonly vpcCidrs: readonly string[];
  readonly balancerSubnets: readonly SubnetRange[];
  /** True where the network brings route tables of its own. */
  readonly hasRouteTables: boolean;
}

/** The address with everything decided that is known before anything is made. */
export type PlannedVirtualIp =
  | { readonly mode: 'elasticIp' }
  | { readonly mode: 'route'; readonly address: string }
  | {
      readonly mode: 'privateIp';
      readonly address: string;
      /** True where the address lies in the block that the network reserves anyway. */
      readonly isReserved: boolean;
      readonly isPublic: boolean;
    };

/** Who can reach the address at all, and so what its listeners are open to unless told otherwise. */
export function clientCidrs(plan: PlannedVirtualIp, vpcCidrs: readonly string[]): readonly string[] {
  return isPublic(plan) ? [everywhere] : vpcCidrs;
}

/** True where clients come from the internet. */
export function isPublic(plan: PlannedVirtualIp): boolean {
  return plan.mode === 'elasticIp' || (plan.mode === 'privateIp' && plan.isPublic);
}

/**
 * Decides the address and refuses a mode that the network cannot carry; what is wrong goes to `problems` under
 * `path`.
 */
export function planVirtualIp(
  args: VirtualIpArgs,
  network: VirtualIpSurroundings,
  path: string,
  problems: Problems,
): PlannedVirtualIp {
  if (problems.refuseOutputs(path, args, ['allocationId', 'routeTableIds', 'network', 'tags']))
    return { mode: 'elasticIp' };
  const mode: string = args.mode ?? 'elasticIp';
  refuseOptionsOfOtherModes(args, mode, path, problems);
  switch (mode) {
    case 'elasticIp':
      return { mode };
    case 'route':
      return planRoute(args, network, path, problems);
    case 'privateIp':
      return planPrivateIp(args, network, path, problems);
    default:
      problems.add(`${path}.mode`, `is ${JSON.stringify(mode)}; elasticIp, route and privateIp are allowed`);
      return { mode: 'elasticIp' };
  }
}

const optionModes: Readonly<Record<Exclude<keyof VirtualIpArgs, 'mode'>, readonly string[]>> = {
  allocationId: ['elasticIp', 'privateIp'],
  address: ['route', 'privateIp'],
  routeTableIds: ['route'],
  publicAddress: ['privateIp'],
};

function refuseOptionsOfOtherModes(
  args: VirtualIpArgs,
  mode: string,
  path: string,
  problems: Problems,
): void {
  for (const option of ['allocationId', 'address', 'routeTableIds', 'publicAddress'] as const) {
    const modes = optionModes[option];
    if (args[option] !== undefined && !modes.includes(mode))
      problems.add(
        `${path}.${option}`,
        `is for mode ${modes.join(' and ')} and has no effect with ${mode}; leave it out`,
      );
  }
  if (mode === 'privateIp' && args.allocationId !== undefined && args.publicAddress !== true)
    problems.add(
      `${path}.allocationId`,
      'needs publicAddress: true in mode privateIp, or the Elastic IP would never be used; set it, or leave this out',
    );
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'] as const;

function planRoute(
  args: VirtualIpArgs,
  network: VirtualIpSurroundings,
  path: string,
  problems: Problems,
): PlannedVirtualIp {
  const { address } = args;
  const vpc = network.vpcCidrs.flatMap((cidr) => parseCidr(cidr) ?? []);
  const ranges = network.vpcCidrs.join(' and ');
  const allowed = `a private IPv4 address outside the VPC's range ${ranges}, such as ${exampleOutside(vpc)}, is allowed`;
  if (address === undefined) problems.add(`${path}.address`, `is missing in mode route; ${allowed}`);
  else if (!isIPv4(address) || !lies(address, privateRanges))
    problems.add(`${path}.address`, `is ${JSON.stringify(address)}; ${allowed}`);
  else if (vpc.some((range) => containsAddress(range, address)))
    problems.add(
      `${path}.address`,
      `is ${address}, which lies in the VPC's range ${ranges}, where EC2 takes no route to a host; ${allowed}`,
    );
  const tables = Object.keys(args.routeTableIds ?? {});
  if (tables.length === 0 && (args.routeTableIds !== undefined || !network.hasRouteTables))
    problems.add(
      `${path}.routeTableIds`,
      'names no route table, so no client could reach the address; give the tables of the subnets that have clients, such as {"main": "rtb-0123456789abcdef0"}',
    );
  for (const name of tables)
    if (!/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name))
      problems.add(
        `${path}.routeTableIds`,
        `has the name ${JSON.stringify(name)}; a letter, then letters, digits and hyphens, at most 40, all lower case, are allowed`,
      );
  return { mode: 'route', address: address ?? '' };
}

function planPrivateIp(
  args: VirtualIpArgs,
  network: VirtualIpSurroundings,
  path: string,
  problems: Problems,
): PlannedVirtualIp {
  const cidrs = [...new Set(network.balancerSubnets.map(({ cidr }) => cidr))];
  if (cidrs.length > 1)
    problems.add(
      `${path}.mode`,
      `is privateIp, and the balancers are in ${cidrs.length} subnets (${cidrs.join(', ')}): a private address belongs to one; place both balancers in one subnet (network.balancerZoneCount: 1, or a single network.balancerSubnets), or use elasticIp or route, which cross zones`,
    );
  const [range = { cidr: '' }] = network.balancerSubnets;
  const subnet = parseCidr(range.cidr);
  const address = args.address ?? privateVipAddress(range);
  const block = plannedBlock(range);
  if (subnet === undefined || block === undefined)
    return { mode: 'privateIp', address, isReserved: false, isPublic: args.publicAddress ?? false };
  const spare = [balancerVipAddress(block, 1), balancerVipAddress(block, 2)];
  if (!spare.includes(address) && !isFreeIn(subnet, block, address))
    problems.add(
      `${path}.address`,
      `is ${JSON.stringify(address)}; an address of the balancers' subnet ${formatCidr(subnet)} outside its first four, its last, and ${formatCidr(block)}, which is planned for hosts, is allowed, and of that block ${spare.join(' or ')}`,
    );
  const isReserved = containsAddress(block, address);
  return { mode: 'privateIp', address, isReserved, isPublic: args.publicAddress ?? false };
}

/** AWS keeps the first four addresses of a subnet and the last; the planned block has its own reservation. */
function isFreeIn(subnet: Cidr, block: Cidr, address: string): boolean {
  const reserved = [
    { base: subnet.base, prefixLength: 30 },
    { base: subnet.base + 2 ** (32 - subnet.prefixLength) - 1, prefixLength: 32 },
    block,
  ];
  return containsAddress(subnet, address) && !reserved.some((range) => containsAddress(range, address));
}

function lies(address: string, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const cidr = parseCidr(range);
    return cidr !== undefined && containsAddress(cidr, address);
  });
}

function exampleOutside(vpc: readonly Cidr[]): string {
  const example = '10.255.0.1';
  return vpc.some((range) => containsAddress(range, example)) ? '172.31.255.1' : example;
}
