import type { Problems } from '../rendering/problems';
import type { Cidr, SubnetRange } from './addresses';
import {
  contains,
  formatCidr,
  overlaps,
  parseCidr,
  plannedPrefixLength,
  smallestSubnetPrefixLength,
  subnetAt,
} from './addresses';

/** One availability zone: a public subnet for a balancer and NAT, a private one for brokers. */
export interface PlannedZone {
  readonly index: number;
  readonly publicCidr: string;
  readonly privateCidr: string;
}

/** Divides a range among zones: subnets of 1/256 of a /16, the public ones first, the private ones from the tenth on. */
export function planZones(
  cidr: string,
  zoneCount: number,
  path: string,
  problems: Problems,
): readonly PlannedZone[] {
  problems.wholeNumber(`${path}.zoneCount`, zoneCount, 1, 6, 'availability zones');
  const range = parseCidr(cidr);
  if (range === undefined || range.prefixLength < 16 || range.prefixLength > 22) {
    problems.add(
      `${path}.cidr`,
      `is ${JSON.stringify(cidr)}; an IPv4 range from /16 to /22 without host bits, such as 10.20.0.0/16, is allowed`,
    );
    return [];
  }
  // A /16 gives /24 subnets; a /22, the smallest, sixteen /26.
  const prefixLength = Math.min(range.prefixLength + 8, smallestSubnetPrefixLength);
  const firstPrivate = prefixLength - range.prefixLength >= 5 ? 10 : 8;
  return Array.from({ length: Math.max(0, Math.min(zoneCount, 6)) }, (_, index) => ({
    index,
    publicCidr: formatCidr(subnetAt(range, prefixLength, index)),
    privateCidr: formatCidr(subnetAt(range, prefixLength, firstPrivate + index)),
  }));
}

/** A subnet of an adopted network must lie in its VPC, hold the planned block, and overlap no other. */
export function checkSubnets(
  vpcCidrs: readonly string[],
  subnets: readonly (SubnetRange & { readonly path: string })[],
  path: string,
  problems: Problems,
): void {
  const within = path === '' ? '' : `${path}.`;
  const ranges = vpcCidrs.map(parseCidr);
  for (const [index, range] of ranges.entries())
    if (range === undefined)
      problems.add(
        index === 0 ? `${within}vpcCidr` : `${within}furtherVpcCidrs[${index - 1}]`,
        `is ${JSON.stringify(vpcCidrs[index])}; give the VPC's IPv4 range, such as 10.20.0.0/16`,
      );
  const distinct = new Map<string, string>();
  for (const { path: subnetPath, ...range } of subnets) {
    const { cidr } = range;
    const at = `${subnetPath}.cidr`;
    const subnet = checkSubnet(range, subnetPath, problems);
    if (subnet === undefined) continue;
    if (ranges.every((range) => range !== undefined && !contains(range, subnet)))
      problems.add(
        at,
        `is ${cidr}, which does not lie in ${within}vpcCidr ${vpcCidrs.join(' or ')}; give a subnet of this VPC, or its further range in ${within}furtherVpcCidrs`,
      );
    for (const [other, otherPath] of distinct) {
      const otherRange = parseCidr(other);
      if (other !== cidr && otherRange !== undefined && overlaps(otherRange, subnet))
        problems.add(at, `is ${cidr}, which overlaps ${otherPath} (${other})`);
    }
    distinct.set(cidr, at);
  }
}

/** A subnet by itself: its range, and room in it for the addresses of hosts; undefined where it has no range. */
export function checkSubnet(range: SubnetRange, path: string, problems: Problems): Cidr | undefined {
  const { cidr } = range;
  const subnet = parseCidr(cidr);
  if (subnet === undefined)
    problems.add(
      `${path}.cidr`,
      `is ${JSON.stringify(cidr)}; an IPv4 range without host bits, such as 10.20.0.0/24, is allowed`,
    );
  else if (subnet.prefixLength > smallestSubnetPrefixLength)
    problems.add(
      `${path}.cidr`,
      `is ${cidr}; a /${smallestSubnetPrefixLength} or larger is needed, since 32 of its addresses are planned for hosts`,
    );
  else checkBlock(subnet, range, `${path}.plannedBlock`, problems);
  return subnet;
}

/** AWS keeps the first four addresses of a subnet. */
function checkBlock(
  subnet: Cidr,
  { cidr, plannedBlock }: SubnetRange,
  path: string,
  problems: Problems,
): void {
  if (plannedBlock === undefined) return;
  const block = parseCidr(plannedBlock);
  if (block?.prefixLength === plannedPrefixLength && contains(subnet, block) && block.base !== subnet.base)
    return;
  const example = formatCidr(subnetAt(subnet, plannedPrefixLength, 1));
  problems.add(
    path,
    `is ${JSON.stringify(plannedBlock)}; a /${plannedPrefixLength} without host bits within ${cidr}, but not its first one, such as ${example}, is allowed`,
  );
}
