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

/** The whole internet. */
export const everywhere = '0.0.0.0/0';

/** A subnet's range, and the part of it that hosts get their addresses from: .32/27 unless another is chosen. */
export interface SubnetRange {
  readonly cidr: string;
  readonly plannedBlock?: string;
}

/**
 * Every subnet keeps a block free for planned addresses, .32/27 by default: AWS takes the first four and the last
 * address, and hands others out from anywhere outside a reservation. A subnet must be a /26 or larger to hold it.
 */
const plannedOffset = 32;
export const plannedPrefixLength = 27;
export const smallestSubnetPrefixLength = 26;
/** Brokers' ordinals run from 1 to this: the block holds 32 addresses, four of them the balancers'. */
export const largestBrokerOrdinal = 28;

/** The block that a SubnetCidrReservation keeps free; undefined where a range is none. */
export function plannedBlock({ cidr, plannedBlock: chosen }: SubnetRange): Cidr | undefined {
  if (chosen !== undefined) return parseCidr(chosen);
  const subnet = parseCidr(cidr);
  if (subnet === undefined) return undefined;
  return { base: subnet.base + plannedOffset, prefixLength: plannedPrefixLength };
}

/** Balancer 1 and 2 have the first two addresses of the block. */
export function balancerAddress(block: Cidr, ordinal: 1 | 2): string {
  return toAddress(block.base + ordinal - 1);
}

/** Their secondary ones behind an Elastic IP are the next two, free in other modes of the virtual IP. */
export function balancerVipAddress(block: Cidr, ordinal: 1 | 2): string {
  return toAddress(block.base + 2 + ordinal - 1);
}

/**
 * Where the VIP itself is a private address: the last one before the block, which has a reservation of its own; the
 * third of a block that was chosen, since what is before it may be another platform's.
 */
export function privateVipAddress(range: SubnetRange): string {
  const block = plannedBlock(range);
  if (block === undefined) return '';
  return range.plannedBlock === undefined ? toAddress(block.base - 1) : balancerVipAddress(block, 1);
}

/** Broker N has the block's address 3 + N in whichever subnet it lies. */
export function brokerAddress(block: Cidr, ordinal: number): string {
  return toAddress(block.base + 3 + ordinal);
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
