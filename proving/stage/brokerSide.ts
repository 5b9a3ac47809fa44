import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

/**
 * What a broker has beside its MQTT listeners: /status, the agent check, and WebSocket listeners that take a PROXY v2
 * header first. A line on standard input is what the agent says from then on; one JSON line is written for each
 * WebSocket client. Arguments: the WebSocket ports, comma-separated, and as JSON ca, cert and key of the same with TLS,
 * which begins behind the PROXY header and wants a certificate of that CA: these are a thousand ports above, and at
 * 2883 and 2884 for MQTT.
 */
async function main(ports: readonly number[], identity?: TlsOptions): Promise<void> {
  let agent = 'up ready 100%';
  createInterface(process.stdin).on('line', (line) => (agent = line));
  const status = createHttpServer((_, response) => response.end('running\n')).listen(18083, '0.0.0.0');
  const agentServer = createServer((socket) => ignoreErrors(socket).end(`${agent}\n`)).listen(
    18084,
    '0.0.0.0',
  );
  const websockets = createHttpServer();
  const accepted = new WebSocketServer({ server: websockets, handleProtocols: () => 'mqtt' });
  accepted.on('connection', (client, request) => {
    // Frames that are none; the server closes the connection by itself.
    client.on('error', () => undefined);
    client.once('message', () => client.send(Buffer.from([0x20, 2, 0, 0])));
    const forwardedFor = String(request.headers['x-forwarded-for'] ?? '');
    print({ websocket: request.url ?? '', client: clients.get(request.socket) ?? '', forwardedFor });
  });
  const listeners = ports.map((port) =>
    createServer((socket) => {
      void behindProxyHeader(ignoreErrors(socket)).then(() => {
        websockets.emit('connection', socket);
        socket.resume();
      });
    }).listen(port, '0.0.0.0'),
  );
  const encrypted = (port: number, serve: (socket: Socket) => void) =>
    createServer((socket) => {
      void behindProxyHeader(ignoreErrors(socket)).then(() => {
        const options = { ...identity, requestCert: true, rejectUnauthorized: true };
        // One for each connection, which knows whom it is of.
        const server = createTlsServer(options, (tls) => {
          clients.set(tls, clients.get(socket) ?? '');
          serve(ignoreErrors(tls));
        });
        server.on('tlsClientError', () => socket.destroy()).emit('connection', socket);
      });
    }).listen(port, '0.0.0.0');
  if (identity !== undefined) {
    for (const port of [2883, 2884])
      listeners.push(encrypted(port, (socket) => acceptMqtt(socket, port, clients.get(socket) ?? '')));
    for (const port of ports)
      listeners.push(encrypted(port + 1_000, (socket) => websockets.emit('connection', socket)));
  }
  await Promise.all([status, agentServer, ...listeners].map((server) => once(server, 'listening')));
  print({ ready: true });
}

/** Lets in whoever sends a CONNECT, and answers what follows as a PINGREQ. */
function acceptMqtt(socket: Socket, port: number, client: string): void {
  socket.once('data', () => {
    print({ encrypted: port, client });
    socket.write(Buffer.from([0x20, 2, 0, 0]));
    socket.on('data', () => socket.write(Buffer.from([0xd0, 0])));
  });
}

const clients = new WeakMap<Socket, string>();

/** Takes the PROXY v2 header off the socket and keeps the client's address that it names. */
async function behindProxyHeader(socket: Socket): Promise<void> {
  let received = Buffer.alloc(0);
  while (received.length < 16 || received.length < 16 + received.readUInt16BE(14)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    received = Buffer.concat([received, chunk]);
  }
  const address = [...received.subarray(16, 20)].join('.');
  clients.set(socket, `${address}:${received.readUInt16BE(24)}`);
  socket.unshift(received.subarray(16 + received.readUInt16BE(14)));
}

function ignoreErrors(socket: Socket): Socket {
  return socket.on('error', () => socket.destroy());
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

void main(
  (process.argv[2] ?? '').split(',').map(Number),
  // Written by whoever starts it.
  process.argv[3] === undefined ? undefined : (JSON.parse(process.argv[3]) as TlsOptions),
);
