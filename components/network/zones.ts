import type { Problems } from '../rendering/problems';
import { contains, formatCidr, overlaps, parseCidr, smallestSubnetPrefixLength, subnetAt } from './addresses';

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
  vpcCidr: string,
  subnets: readonly { readonly path: string; readonly cidr: string }[],
  path: string,
  problems: Problems,
): void {
  const vpc = parseCidr(vpcCidr);
  if (vpc === undefined)
    problems.add(
      `${path}.vpcCidr`,
      `is ${JSON.stringify(vpcCidr)}; give the VPC's IPv4 range, such as 10.20.0.0/16`,
    );
  const distinct = new Map<string, string>();
  for (const { path: at, cidr } of subnets) {
    const subnet = parseCidr(cidr);
    if (subnet === undefined) {
      problems.add(
        at,
        `is ${JSON.stringify(cidr)}; an IPv4 range without host bits, such as 10.20.0.0/24, is allowed`,
      );
      continue;
    }
    if (subnet.prefixLength > smallestSubnetPrefixLength)
      problems.add(
        at,
        `is ${cidr}; a /${smallestSubnetPrefixLength} or larger is needed, since its addresses .32 to .63 are planned for hosts`,
      );
    if (vpc !== undefined && !contains(vpc, subnet))
      problems.add(
        at,
        `is ${cidr}, which does not lie in ${path}.vpcCidr ${vpcCidr}; give a subnet of this VPC`,
      );
    for (const [other, otherPath] of distinct) {
      const range = parseCidr(other);
      if (other !== cidr && range !== undefined && overlaps(range, subnet))
        problems.add(at, `is ${cidr}, which overlaps ${otherPath} (${other})`);
    }
    distinct.set(cidr, at);
  }
}
