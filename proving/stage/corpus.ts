import { connectPacket } from './clients';

/** What clients were reported to send, and what is next to it: none of it may trouble a balancer. */

/** A whole CONNECT whose first byte is each of 256, and the byte alone with nothing behind it. */
export function firstBytes(): Buffer[] {
  const rest = connectPacket('first byte').subarray(1);
  return bytes().flatMap((first) => [Buffer.concat([Buffer.of(first), rest]), Buffer.of(first)]);
}

/** A CONNECT of each protocol level, under either name; its client id says which. */
export function protocolLevels(): Buffer[] {
  return bytes().flatMap((level) =>
    (['MQTT', 'MQIsdp'] as const).map((name) => {
      const properties = name === 'MQTT' && (level & 0x7f) === 5 ? [0] : [];
      return packet([...text(name), level, 2, 0, 60, ...properties, ...text(`${name}-${level}`)]);
    }),
  );
}

type PropertyType = 'byte' | 'two bytes' | 'four bytes' | 'variable' | 'text' | 'pair';

/** Every property of MQTT 5, of whatever packet. */
const properties: ReadonlyMap<number, PropertyType> = new Map([
  ...of('byte', 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a),
  ...of('two bytes', 0x13, 0x21, 0x22, 0x23),
  ...of('four bytes', 0x02, 0x11, 0x18, 0x27),
  ...of('variable', 0x0b),
  ...of('text', 0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1a, 0x1c, 0x1f),
  ...of('pair', 0x26),
]);

const wellFormed: Readonly<Record<PropertyType, readonly number[]>> = {
  byte: [1],
  'two bytes': [0, 9],
  'four bytes': [0, 0, 0, 9],
  variable: [9],
  text: text('x'),
  pair: [...text('key'), ...text('value')],
};

/**
 * CONNECTs of MQTT 5 with each property, and with each number that is none: once, twice, cut off, of the greatest value,
 * longer and shorter than its list of properties says, in the CONNECT and in its will.
 */
export function malformedProperties(): Buffer[] {
  return bytes().flatMap((id) => {
    const value = wellFormed[properties.get(id) ?? 'byte'];
    const whole = [id, ...value];
    const lists = [
      [whole.length, ...whole],
      [whole.length * 2, ...whole, ...whole],
      [whole.length - 1, ...whole.slice(0, -1)],
      [whole.length, id, ...value.map(() => 0xff)],
      [whole.length + 40, ...whole],
      [1, ...whole],
      [0xff, 0xff, 0xff, 0x7f, ...whole],
      [0xff, 0xff, 0xff, 0xff, 0xff, ...whole],
    ];
    const start = (flags: number) => [...text('MQTT'), 5, flags, 0, 60];
    return lists.flatMap((list) => [
      packet([...start(0x02), ...list, ...text(`property ${id}`)]),
      packet([...start(0x06), 0, ...text(`will ${id}`), ...list, ...text('topic'), ...text('gone')]),
    ]);
  });
}

/** Requests in place of the one that opens a WebSocket, as reports and textbooks have them. */
export function webSocketOpenings(): Buffer[] {
  const request = (line: string, ...headers: readonly string[]) =>
    Buffer.from([line, ...headers, '', ''].join('\r\n'), 'latin1');
  const get = 'GET /mqtt HTTP/1.1';
  const upgrade = [
    ...['Host: x', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
  ];
  const compressed = 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=255';
  return [
    request('GET http://x/mqtt HTTP/1.1', ...upgrade),
    request('GET /mqtt HTTP/1.0', ...upgrade),
    request('GET /mqtt HTTP/9.9', ...upgrade),
    request('PRI * HTTP/2.0', '', 'SM'),
    request('CONNECT broker:1883 HTTP/1.1', ...upgrade),
    ...['/../mqtt', '/%6dqtt', '/mqtt\0', `/${'x'.repeat(9_000)}`, '/mqtt?token=x'].map((path) =>
      request(`GET ${path} HTTP/1.1`, ...upgrade),
    ),
    ...upgrade.map((_, missing) => request(get, ...upgrade.filter((__, index) => index !== missing))),
    request(get, ...upgrade, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    request(get, ...upgrade, compressed),
    request(get, ...upgrade, `Cookie: ${'x'.repeat(16_000)}`),
    request(get, ...upgrade, ...Array.from({ length: 110 }, (_, index) => `X-${index}: x`)),
    request(get, ...upgrade, ' folded', 'no colon', ': no name', 'X-Bytes: \x01\xff'),
    // Two lengths, by which two parsers could see two requests.
    request('POST /mqtt HTTP/1.1', ...upgrade, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    Buffer.concat([
      request('POST /mqtt HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked'),
      Buffer.from('-1\r\n'),
    ]),
    Buffer.concat(Array.from({ length: 50 }, () => request(get, ...upgrade))),
    Buffer.from([get, ...upgrade, '', ''].join('\n')),
    request(get, ...upgrade).subarray(0, 40),
    connectPacket('no HTTP at all'),
  ];
}

/** What may come after a WebSocket was opened. */
export function webSocketFrames(): Buffer[] {
  const masked = (first: number, payload: Buffer) =>
    Buffer.concat([Buffer.of(first, 0x80 | payload.length, 1, 2, 3, 4), mask(payload)]);
  const whole = connectPacket('in a frame');
  const length = (bits: bigint) => {
    const bytesOf = Buffer.alloc(8);
    bytesOf.writeBigUInt64BE(bits);
    return Buffer.concat([Buffer.of(0x82, 0xff), bytesOf, Buffer.of(1, 2, 3, 4), whole]);
  };
  const opcodes = Array.from({ length: 16 }, (_, opcode) => masked(0x80 | opcode, whole));
  const reserved = [0x10, 0x20, 0x40, 0x70].map((bits) => masked(0x82 | bits, whole));
  const fragments = [...whole].map((byte, index) =>
    masked((index === 0 ? 0x02 : 0x00) | (index === whole.length - 1 ? 0x80 : 0), Buffer.of(byte)),
  );
  return [
    ...[2n ** 63n, 2n ** 63n - 1n, 2n ** 64n - 1n, 2n ** 32n, 0n].map(length),
    ...opcodes,
    ...reserved,
    Buffer.concat(fragments),
    // Fragments that never end, and one that begins within another.
    Buffer.concat(fragments.slice(0, -1)),
    Buffer.concat([masked(0x02, whole), masked(0x02, whole)]),
    masked(0x80, whole),
    // Not masked, masked by no key, and cut off within its head.
    Buffer.concat([Buffer.of(0x82, whole.length), whole]),
    Buffer.concat([Buffer.of(0x82, 0x80 | whole.length), whole]),
    Buffer.of(0x82, 0xff, 0, 0, 0),
    // Compressed, which nobody agreed on: a bomb of deflate's.
    masked(0xc2, Buffer.from('ecc10101000000804090fe2f5c0000000000', 'hex')),
    // Control frames in parts, too long, and a close that says half a code.
    masked(0x09, Buffer.from('ping')),
    Buffer.concat([Buffer.of(0x89, 0xfe, 0x01, 0x00, 1, 2, 3, 4), Buffer.alloc(256)]),
    masked(0x88, Buffer.of(3)),
    Buffer.concat(Array.from({ length: 2_000 }, () => masked(0x89, Buffer.from('ping')))),
    masked(0x81, Buffer.of(0xff, 0xfe, 0xc0)),
    Buffer.concat([masked(0x82, whole), Buffer.from('GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n')]),
  ];
}

function bytes(): number[] {
  return Array.from({ length: 256 }, (_, byte) => byte);
}

function of(type: PropertyType, ...ids: readonly number[]): (readonly [number, PropertyType])[] {
  return ids.map((id) => [id, type]);
}

function text(value: string): number[] {
  const encoded = Buffer.from(value);
  return [encoded.length >> 8, encoded.length & 255, ...encoded];
}

function packet(body: readonly number[]): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.from([0x10, ...length, ...body]);
}

function mask(payload: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ ((index % 4) + 1)));
}
