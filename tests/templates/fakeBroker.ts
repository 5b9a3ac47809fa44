import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a broker saw of one connection: the client that the PROXY v2 header names, and the first bytes after it. */
export interface Seen {
  readonly broker: string;
  readonly client: string;
  readonly payload: Buffer;
}

/** A broker that answers /status and the agent check, and each connection with a CONNACK. */
export interface FakeBroker {
  readonly address: string;
  close(): void;
}

export async function startFakeBroker(
  address: string,
  ports: readonly number[],
  onConnection: (seen: Seen) => void,
): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  const servers = [
    listen(18083, (socket) => socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nrunning\n'))),
    listen(18084, (socket) => socket.end('up ready 100%\n')),
    ...ports.map((port) => listen(port, (socket) => serve(socket))),
  ];
  await Promise.all(servers.map((server) => once(server, 'listening')));
  return {
    address,
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };

  function listen(port: number, answer: (socket: Socket) => void): Server {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
      answer(socket);
    });
    return server.listen(port, address);
  }

  function serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const header = proxyHeader(received);
      if (header === undefined || received.length === header.length) return;
      socket.off('data', onData);
      onConnection({ broker: address, client: header.client, payload: received.subarray(header.length) });
      socket.write(Buffer.from([0x20, 2, 0, 0]));
    };
    socket.on('data', onData);
  }
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** PROXY v2 of a TCP connection over IPv4; undefined until it is whole. */
function proxyHeader(bytes: Buffer): { length: number; client: string } | undefined {
  if (bytes.length < 16) return undefined;
  if (!bytes.subarray(0, 12).equals(signature)) throw new Error(`no PROXY v2 header: ${bytes.toString('hex')}`);
  const length = 16 + bytes.readUInt16BE(14);
  if (bytes.length < length) return undefined;
  return { length, client: `${[...bytes.subarray(16, 20)].join('.')}:${bytes.readUInt16BE(24)}` };
}

/** The port that a connected socket leaves from. */
export function localPort(socket: Socket): number {
  return (socket.address() as AddressInfo).port;
}
