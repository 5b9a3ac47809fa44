import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate, type IConnectPacket } from 'mqtt-packet';

/** Where a client connects to, and from which of the test's addresses. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** The bytes of a CONNECT; MQTT 3.1.1 unless said otherwise. */
export function connectPacket(clientId: string, changes: Partial<IConnectPacket> = {}): Buffer {
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive: 60,
    ...changes,
  });
}

/** As Mosquitto and NanoMQ send it: the highest bit of the level says that a bridge is calling. */
export function bridgeConnect(protocol: string, level: number, clientId: string, keepalive = 60): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
  };
  const body = Buffer.concat([
    text(protocol),
    Buffer.of(level, 2, keepalive >> 8, keepalive & 255),
    text(clientId),
  ]);
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.concat([Buffer.of(0x10, ...length), body]);
}

export async function openTcp(target: Target): Promise<Socket> {
  const socket = connect({ noDelay: true, ...target });
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), refused(socket, 'before it was open')]);
  return socket;
}

export async function openTls(target: Target, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ servername: 'localhost', ...target, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Sends a CONNECT and waits for the CONNACK that accepts it. */
export async function connectMqtt(socket: Socket, packet: Buffer): Promise<void> {
  const closed = refused(socket, 'before CONNACK');
  const answered = once(socket, 'data');
  answered.catch(() => undefined);
  socket.write(packet);
  const [answer] = (await Promise.race([answered, closed])) as [Buffer];
  if (answer[0] !== 0x20 || answer[3] !== 0)
    throw new Error(`no CONNACK that accepts: ${answer.toString('hex')}`);
}

/** What a CONNECT is answered: the code of the CONNACK, 0 for one that accepts, or `closed` without any. */
export async function connackCode(socket: Socket, packet: Buffer): Promise<number | 'closed'> {
  const answered = once(socket, 'data').then(([answer]) => (answer as Buffer)[3] ?? NaN);
  answered.catch(() => undefined);
  socket.write(packet);
  return Promise.race([answered, refused(socket, 'before CONNACK').catch(() => 'closed' as const)]);
}

/** Whether the broker behind a session still answers a PINGREQ. */
export async function answersPing(socket: Socket): Promise<boolean> {
  if (socket.closed) return false;
  const answered = once(socket, 'data').then(([answer]) => (answer as Buffer)[0] === 0xd0);
  answered.catch(() => undefined);
  socket.write(Buffer.from([0xc0, 0]));
  return Promise.race([answered, refused(socket, 'before PINGRESP')]).catch(() => false);
}

/** How long it takes until the other side closes, in ms. */
export async function closesAfterMs(socket: Socket): Promise<number> {
  const begun = performance.now();
  if (!socket.closed) await new Promise((done) => socket.resume().once('close', done));
  return performance.now() - begun;
}

/** Runs a task for each item, so many at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await task(item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

async function refused(socket: Socket, when: string): Promise<never> {
  const closed = new Promise<never>((_, fail) => {
    socket.once('close', () => fail(new Error(`closed ${when}`)));
  });
  closed.catch(() => undefined);
  return closed;
}
