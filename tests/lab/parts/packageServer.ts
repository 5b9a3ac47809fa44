import { createSocket } from 'node:dgram';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

/**
 * A network's only services, for tests of machines alone: every name resolves to the one address, and each host name
 * has a folder of files there. Run in a namespace: `packageServer.ts ADDRESS FOLDER`.
 */
const [address = '', folder = ''] = process.argv.slice(2);

createServer((request, response) => {
  const host = (request.headers.host ?? '').replace(/:.*/, '');
  const file = join(folder, host, normalize(decodeURIComponent(request.url ?? '/')));
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-length': size });
  createReadStream(file).pipe(response);
}).listen(80, address, () => {
  const names = createSocket('udp4');
  names.on('message', (query, from) => names.send(answer(query), from.port, from.address));
  names.bind(53, address, () => process.stdout.write('ready\n'));
});

/** The address for a question of type A, nothing for others. */
function answer(query: Buffer): Buffer {
  const endOfName = query.indexOf(0, 12);
  const question = query.subarray(12, endOfName + 5);
  const isAddress = query.readUInt16BE(endOfName + 1) === 1;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([head, question, ...(isAddress ? [record] : [])]);
}
