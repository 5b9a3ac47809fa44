import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2';
import type { Operation } from '../server';
import { hostKeyBytes, type Connection, type Endpoint } from './connection';

/** An open connection to a host, and to the jump host before it. */
export interface Session {
  readonly client: Client;
  close(): void;
}

const firstDelayMs = 250;
const longestDelayMs = 5_000;

/**
 * Connects as the official provider does (pulumi-command 1.2.1, remote/connection.go): each step is tried
 * `dialErrorLimit` times, and none goes back to the one before it. Directly a try is a new connection; behind a proxy
 * the jump is dialled first, then the tunnel through it, then the handshake, all its tries in that one tunnel. Only
 * the TCP connect has a time limit.
 */
export async function dial(connection: Connection, operation: Operation): Promise<Session> {
  const { proxy, dialErrorLimit } = connection;
  if (proxy === undefined) {
    const client = await retrying('Dial', dialErrorLimit, operation, () => dialOnce(connection));
    return { client, close: () => client.end() };
  }
  let jump: Client | undefined;
  try {
    const opened = await retrying('Dial proxy', proxy.dialErrorLimit, operation, () => dialOnce(proxy));
    jump = opened;
    const tunnel = await retrying('Dial from proxy', dialErrorLimit, operation, () =>
      forward(opened, connection),
    );
    const client = await retrying('Dial', dialErrorLimit, operation, () => handshake(connection, tunnel));
    const close = () => {
      client.end();
      opened.end();
    };
    return { client, close };
  } catch (error) {
    jump?.end();
    throw new Error(`proxy: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function retrying<T>(
  what: string,
  limit: number,
  { signal, log }: Operation,
  attempt: () => Promise<T>,
): Promise<T> {
  let delayMs = firstDelayMs;
  for (let failed = 1; ; failed += 1) {
    mustGoOn(signal);
    log('status', failed === 1 ? what : `${what} ${failed}/${limit} failed: retrying`);
    try {
      return await attempt();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (limit !== -1 && failed >= limit)
        throw new Error(`after ${failed} failed attempts: ${reason}`, { cause: error });
    }
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 1.5, longestDelayMs);
  }
}

/** Go's words for an interrupt and for customTimeouts. */
function mustGoOn({ aborted, reason }: AbortSignal): void {
  if (!aborted) return;
  const isLate = reason instanceof Error && reason.name === 'TimeoutError';
  throw new Error(isLate ? 'context deadline exceeded' : 'context canceled');
}

async function dialOnce(endpoint: Endpoint): Promise<Client> {
  return handshake(endpoint, await openSocket(endpoint));
}

/** Bounded by perDialTimeout, and by nothing else: an interrupt waits for its end. */
async function openSocket({ host, port, perDialTimeout }: Endpoint): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = connectTcp({ host, port });
    const where = `dial tcp ${host}:${port}`;
    const giveUp = (why: string) => {
      socket.destroy();
      failed(new Error(`${where}: ${why}`));
    };
    if (perDialTimeout > 0) socket.setTimeout(perDialTimeout * 1_000, () => giveUp('i/o timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => giveUp(reasonOf(error)));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      done(socket);
    });
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'connect: connection refused';
  return error.code === 'ETIMEDOUT' ? 'i/o timeout' : error.message;
}

/** Without a time limit, and deaf to interrupts: a host that accepts and says nothing is waited for. */
async function handshake(endpoint: Endpoint, stream: Duplex): Promise<Client> {
  if (stream.destroyed || stream.readableEnded) throw new Error('ssh: handshake failed: EOF');
  const client = new Client();
  const expected = endpoint.hostKey === undefined ? undefined : hostKeyBytes(endpoint.hostKey);
  const presented: Buffer[] = [];
  const isExpected = (key: Buffer) => expected === undefined || expected.equals(key);
  const options = clientOptions(endpoint, stream, (key) => {
    presented.push(key);
    return isExpected(key);
  });
  try {
    return await new Promise<Client>((done, failed) => {
      client.once('ready', () => done(client));
      client.on('error', (error) => failed(error));
      client.once('close', () => failed(new Error('EOF')));
      stream.once('end', () => failed(new Error('EOF')));
      client.connect(options);
    });
  } catch (error) {
    client.destroy();
    stream.destroy();
    const said = error instanceof Error ? error.message : String(error);
    const reason = presented.every(isExpected) ? handshakeReason(said) : 'ssh: host key mismatch';
    throw new Error(`ssh: handshake failed: ${reason}`, { cause: error });
  }
}

/** Go's words for what ssh2 says otherwise. */
function handshakeReason(reason: string): string {
  if (/All configured authentication methods failed/.test(reason))
    return 'ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain';
  if (/no matching host key format/.test(reason)) return 'ssh: no common algorithm for host key';
  return /closed|ECONNRESET|before handshake|EOF/i.test(reason) ? 'EOF' : reason;
}

function clientOptions(
  endpoint: Endpoint,
  stream: Duplex,
  acceptHostKey: (key: Buffer) => boolean,
): ConnectConfig {
  const agent = endpoint.agentSocketPath ?? process.env['SSH_AUTH_SOCK'];
  return {
    sock: stream,
    username: endpoint.user,
    readyTimeout: 0,
    hostVerifier: acceptHostKey,
    // By the key's own type, as x/crypto names it: an RSA key is asked for by ssh-rsa alone, which OpenSSH 8.8 refuses.
    ...(endpoint.hostKey === undefined
      ? {}
      : { algorithms: { serverHostKey: [hostKeyType(endpoint.hostKey)] } }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    ...(endpoint.privateKey === undefined ? {} : { privateKey: endpoint.privateKey }),
    ...(endpoint.privateKeyPassword === undefined ? {} : { passphrase: endpoint.privateKeyPassword }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function hostKeyType(hostKey: string): ServerHostKeyAlgorithm {
  const types = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'] as const;
  return types.find((type) => hostKey.includes(type)) ?? 'ssh-rsa';
}

async function forward(jump: Client, target: Endpoint): Promise<Duplex> {
  return new Promise((done, failed) => {
    // A jump that is lost answers nothing any more.
    const lost = () => failed(new Error('EOF'));
    jump.once('close', lost);
    try {
      jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
        jump.off('close', lost);
        if (error === undefined) done(channel);
        else failed(new Error(`ssh: rejected: connect failed (${error.message})`));
      });
    } catch {
      lost();
    }
  });
}
