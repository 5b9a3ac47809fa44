import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import {
  parseQuestion,
  recordTypes,
  responseCodes,
  writeAnswer,
  type DnsRecord,
  type Question,
} from './dnsMessage';
import type { Region } from './ec2/region';
import { privateDnsName } from './ec2/interfaces';
import type { PackageHosts } from './packageHosts';
import { partitionOf } from './partition';

/** A name under the suffix of the region's partition: amazonaws.com names nothing in China. */
export function isAwsName(name: string, region: string): boolean {
  const { dnsSuffix } = partitionOf(region);
  return name === dnsSuffix || name.endsWith(`.${dnsSuffix}`);
}

/** What the VPC's resolver answers. Nothing is ever asked elsewhere: an unknown name does not exist, at once. */
export function resolve(
  region: Region,
  apiAddress: string,
  packageHosts: PackageHosts,
  { name, type }: Pick<Question, 'name' | 'type'>,
): { readonly code: number; readonly records: readonly DnsRecord[] } {
  const record = recordOf(region, apiAddress, packageHosts, name);
  if (record === undefined) return { code: responseCodes.nameError, records: [] };
  return { code: responseCodes.ok, records: recordTypes[record.type] === type ? [record] : [] };
}

/** Serves on UDP and TCP; gives back what ends it. */
export async function serveResolver(
  region: Region,
  apiAddress: string,
  packageHosts: PackageHosts,
  listen: { readonly host: string; readonly port: number },
): Promise<() => Promise<void>> {
  const answer = (message: Buffer): Buffer | undefined => {
    const question = parseQuestion(message);
    if (question === undefined) return undefined;
    const { code, records } = resolve(region, apiAddress, packageHosts, question);
    return writeAnswer(question, code, records);
  };
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    const reply = answer(message);
    if (reply !== undefined) udp.send(reply, from.port, from.address);
  });
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serveStream(socket, answer);
  });
  await new Promise<void>((done, failed) => {
    udp.once('error', failed);
    udp.bind(listen.port, listen.host, done);
  });
  await new Promise<void>((done, failed) => {
    tcp.once('error', failed);
    tcp.listen(listen.port, listen.host, done);
  });
  return async () => {
    for (const socket of open) socket.destroy();
    await Promise.all([
      new Promise<void>((done) => udp.close(done)),
      new Promise<void>((done) => tcp.close(() => done())),
    ]);
  };
}

/** Over TCP each message comes after its length. */
function serveStream(socket: Socket, answer: (message: Buffer) => Buffer | undefined): void {
  let pending = Buffer.alloc(0);
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (data: Buffer) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = answer(pending.subarray(2, end));
      pending = pending.subarray(end);
      if (reply === undefined) {
        socket.destroy();
        return;
      }
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
}

function recordOf(
  region: Region,
  apiAddress: string,
  packageHosts: PackageHosts,
  name: string,
): DnsRecord | undefined {
  if (isAwsName(name, region.name) || packageHosts(name) !== undefined)
    return { type: 'a', address: apiAddress };
  const forward = /^ip-(\d+)-(\d+)-(\d+)-(\d+)\./.exec(name);
  const reverse = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (forward !== null) {
    const address = forward.slice(1).join('.');
    const names = [privateDnsName(region, address), `ip-${address.replaceAll('.', '-')}.ec2.internal`];
    return region.isInVpc(address) && names.includes(name) ? { type: 'a', address } : undefined;
  }
  if (reverse !== null) {
    const address = reverse.slice(1).reverse().join('.');
    return region.isInVpc(address) ? { type: 'ptr', name: privateDnsName(region, address) } : undefined;
  }
  return undefined;
}
