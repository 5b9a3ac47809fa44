/** The little of DNS (RFC 1035) that a resolver with a fixed set of names needs. */

export const recordTypes = { a: 1, soa: 6, ptr: 12, aaaa: 28 } as const;
export const responseCodes = { ok: 0, formatError: 1, nameError: 3, notImplemented: 4 } as const;

export interface Question {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** Lower case, without the last dot. */
  readonly name: string;
  readonly type: number;
  /** The question section as it came, to be repeated in the answer. */
  readonly section: Buffer;
}

export type DnsRecord =
  { readonly type: 'a'; readonly address: string } | { readonly type: 'ptr'; readonly name: string };

const headerBytes = 12;
const timeToLiveSeconds = 60;

/** Undefined for what is no query with one question. */
export function parseQuestion(message: Buffer): Question | undefined {
  if (message.length < headerBytes) return undefined;
  const flags = message.readUInt16BE(2);
  const isQuery = (flags & 0xf800) === 0;
  if (!isQuery || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headerBytes;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length > message.length) return undefined;
    labels.push(message.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (flags & 0x0100) !== 0,
    name: labels.join('.'),
    type: message.readUInt16BE(at),
    section: message.subarray(headerBytes, at + 4),
  };
}

export function writeAnswer(question: Question, code: number, records: readonly DnsRecord[]): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(question.id, 0);
  // A response that is authoritative and offers recursion, as a VPC's resolver seems to a host.
  header.writeUInt16BE(0x8480 | (question.recursionDesired ? 0x0100 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, question.section, ...records.map(writeRecord)]);
}

function writeRecord(record: DnsRecord): Buffer {
  const data =
    record.type === 'a' ? Buffer.from(record.address.split('.').map(Number)) : writeName(record.name);
  const fixed = Buffer.alloc(12);
  // The record's name is the question's, by a pointer to it.
  fixed.writeUInt16BE(0xc000 | headerBytes, 0);
  fixed.writeUInt16BE(recordTypes[record.type], 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(timeToLiveSeconds, 6);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}

function writeName(name: string): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
