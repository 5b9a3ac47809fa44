import { type AddressInfo, type Socket, createServer } from 'node:net';
import type { Duplex } from 'node:stream';

/** A port of this machine's loopback that leads to one of a host's network. */
export interface Tunnel {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens one: each connection goes on in a stream of its own. */
export async function openTunnel(
  open: () => Promise<Duplex>,
  /** Sent before all else of a connection, such as a PROXY header. */
  preamble?: Buffer,
): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    open().then(
      (channel) => {
        channel.on('error', () => socket.destroy());
        channel.on('close', () => socket.destroy());
        socket.on('close', () => channel.destroy());
        if (preamble !== undefined) channel.write(preamble);
        socket.pipe(channel).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
