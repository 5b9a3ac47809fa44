export interface Ipv4Network {
  /** The first address, as a number. */
  readonly base: number;
  readonly prefixLength: number;
}

/** Reads `10.20.0.0/24`, or an address alone as a network of one. */
export function parseNetwork(text: string): Ipv4Network {
  const [address = '', prefix = '32'] = text.split('/');
  const prefixLength = Number(prefix);
  if (!/^\d{1,2}$/.test(prefix) || prefixLength > 32) {
    throw new Error(`fabric: "${text}" is no IPv4 network; write it like 10.20.0.0/24`);
  }
  const size = 2 ** (32 - prefixLength);
  return { base: Math.floor(parseAddress(address) / size) * size, prefixLength };
}

/** The address at an offset from a network's base, for example its router at 1. */
export function addressAt(network: string, offset: number): string {
  const value = parseNetwork(network).base + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export function overlaps(one: string, other: string): boolean {
  const [a, b] = [parseNetwork(one), parseNetwork(other)];
  const size = 2 ** (32 - Math.min(a.prefixLength, b.prefixLength));
  return Math.floor(a.base / size) === Math.floor(b.base / size);
}

function parseAddress(text: string): number {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  if (!valid) throw new Error(`fabric: "${text}" is no IPv4 address; write it like 10.20.0.5`);
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}
