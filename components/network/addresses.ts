import { isIPv4 } from 'node:net';
import type { Problems } from '../rendering/problems';

/** An IPv4 range, host bits cleared. */
export interface Cidr {
  readonly base: number;
  readonly prefixLength: number;
}

/** Reads `10.20.0.0/16`; undefined when it is no IPv4 CIDR or has host bits set. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0) return undefined;
  if (!isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const cidr = { base: toNumber(address), prefixLength: Number(length) };
  return cidr.base % size(cidr) === 0 ? cidr : undefined;
}

/** Every entry must be an IPv4 CIDR. */
export function checkCidrs(path: string, cidrs: readonly string[], problems: Problems): void {
  for (const [index, cidr] of cidrs.entries())
    if (parseCidr(cidr) === undefined)
      problems.add(
        `${path}[${index}]`,
        `is ${JSON.stringify(cidr)}; an IPv4 range such as 198.51.100.0/24 without host bits is allowed`,
      );
}

export function formatCidr({ base, prefixLength }: Cidr): string {
  return `${toAddress(base)}/${prefixLength}`;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return (
    inner.prefixLength >= outer.prefixLength &&
    inner.base >= outer.base &&
    inner.base < outer.base + size(outer)
  );
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

export function containsAddress(cidr: Cidr, address: string): boolean {
  return isIPv4(address) && contains(cidr, { base: toNumber(address), prefixLength: 32 });
}

/** The `index`-th subnet of `prefixLength` within `cidr`. */
export function subnetAt(cidr: Cidr, prefixLength: number, index: number): Cidr {
  return { base: cidr.base + index * 2 ** (32 - prefixLength), prefixLength };
}

/**
 * Every subnet keeps the block .32/27 free for planned addresses: AWS takes the first four and the last address, and
 * hands others out from anywhere outside a reservation. A subnet must be a /26 or larger to hold it.
 */
const plannedOffset = 32;
const plannedPrefixLength = 27;
export const smallestSubnetPrefixLength = 26;
/** Brokers' ordinals run from 1 to this: the block holds 32 addresses, four of them the balancers'. */
export const largestBrokerOrdinal = 28;

/** The block that a SubnetCidrReservation keeps free. */
export function plannedBlock(subnet: Cidr): Cidr {
  return { base: subnet.base + plannedOffset, prefixLength: plannedPrefixLength };
}

/** Balancer 1 and 2 have the first two addresses of the block, their secondary ones for the VIP the next two. */
export function balancerAddress(subnet: Cidr, ordinal: 1 | 2): string {
  return toAddress(subnet.base + plannedOffset + ordinal - 1);
}

export function balancerVipAddress(subnet: Cidr, ordinal: 1 | 2): string {
  return toAddress(subnet.base + plannedOffset + 2 + ordinal - 1);
}

/** Where the VIP itself is a private address: the last one before the planned block, so that it has a reservation of its own. */
export function privateVipAddress(subnet: Cidr): string {
  return toAddress(subnet.base + plannedOffset - 1);
}

/** Broker N has the block's address 3 + N in whichever subnet it lies. */
export function brokerAddress(subnet: Cidr, ordinal: number): string {
  return toAddress(subnet.base + plannedOffset + 3 + ordinal);
}

function size({ prefixLength }: Cidr): number {
  return 2 ** (32 - prefixLength);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
