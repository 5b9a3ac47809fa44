/** An IPv4 range as numbers: the address block of a VPC, a subnet or a reservation. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** Reads `10.20.0.0/24`; undefined for what is no CIDR. */
export function parseRange(cidr: string): Range | undefined {
  const [address = '', length = ''] = cidr.split('/');
  const base = parseAddress(address);
  if (base === undefined || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(base / size) * size;
  return { first, last: first + size - 1, prefix: Number(length) };
}

export function contains(cidr: string, address: string): boolean {
  const range = parseRange(cidr);
  const number = parseAddress(address);
  return range !== undefined && number !== undefined && number >= range.first && number <= range.last;
}

/** Reads `10.20.0.0/24`, or an address alone as a range of one. */
export function rangeOf(text: string): Range {
  const range = parseRange(text.includes('/') ? text : `${text}/32`);
  if (range === undefined)
    throw new Error(`"${text}" is no IPv4 address or range; write it like 10.20.0.5 or 10.20.0.0/24`);
  return range;
}

/** The address at an offset from a range's first, for example its router at 1. */
export function addressAt(cidr: string, offset: number): string {
  return formatAddress(rangeOf(cidr).first + offset);
}

export function overlaps(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.first <= b.last && b.first <= a.last;
}
