/**
 * The order in which the official provider walks a set of strings: by the text of each one's CRC-32. It decides
 * which of several `privateIps` becomes the primary address, so a program that must know says `privateIpLists`.
 */
export function inSetOrder(values: readonly string[]): string[] {
  const keyed = values.map((value) => ({ value, key: String(crc32(Buffer.from(value))) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ value }) => value);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
