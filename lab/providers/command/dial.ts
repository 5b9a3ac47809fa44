import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig } from 'ssh2';
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
 * Connects, over the proxy where there is one, and tries again until `dialErrorLimit` is passed: a host that has just
 * been made refuses connections, then has no key of ours and another host key than the one it will get.
 */
export async function dial(connection: Connection, operation: Operation): Promise<Session> {
  const limit = connection.dialErrorLimit;
  let delayMs = firstDelayMs;
  for (let failed = 0; ;) {
    try {
      return await dialOnce(connection, operation.signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (operation.signal.aborted) throw new Error(`given up while connecting; last error: ${reason}`);
      failed += 1;
      if (limit !== -1 && failed > limit) throw new Error(`after ${failed} failed dials: ${reason}`);
      operation.log('debug', `dial ${failed} failed: ${reason}`);
    }
    await sleep(delayMs, undefined, { signal: operation.signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 1.5, longestDelayMs);
  }
}

async function dialOnce(connection: Connection, signal: AbortSignal): Promise<Session> {
  const { proxy } = connection;
  if (proxy === undefined) {
    const client = await connect(connection, undefined, signal);
    return { client, close: () => client.end() };
  }
  const jump = await connect(proxy, undefined, signal);
  try {
    const tunnel = await forward(jump, connection, signal);
    const client = await connect(connection, tunnel, signal);
    const close = () => {
      client.end();
      jump.end();
    };
    return { client, close };
  } catch (error) {
    jump.end();
    throw error;
  }
}

async function connect(endpoint: Endpoint, tunnel: Duplex | undefined, signal: AbortSignal): Promise<Client> {
  const client = new Client();
  const where = `${endpoint.user}@${endpoint.host}:${endpoint.port}`;
  let presented: Buffer | undefined;
  const expected = endpoint.hostKey === undefined ? undefined : hostKeyBytes(endpoint.hostKey);
  const options = clientOptions(endpoint, tunnel, (key) => {
    presented = key;
    return expected?.equals(key) ?? true;
  });
  return within(endpoint, signal, where, client, (done, failed) => {
    client.once('ready', () => done(client));
    client.on('error', (error) => {
      const other = expected !== undefined && presented !== undefined && !expected.equals(presented);
      failed(new Error(`${where}: ${other ? 'the host has another key than hostKey says' : error.message}`));
    });
    client.once('close', () => failed(new Error(`${where}: connection closed`)));
    client.connect(options);
  });
}

function clientOptions(
  endpoint: Endpoint,
  tunnel: Duplex | undefined,
  acceptHostKey: (key: Buffer) => boolean,
): ConnectConfig {
  const agent = endpoint.agentSocketPath ?? process.env['SSH_AUTH_SOCK'];
  return {
    host: endpoint.host,
    port: endpoint.port,
    username: endpoint.user,
    readyTimeout: 0,
    keepaliveInterval: 15_000,
    hostVerifier: acceptHostKey,
    // Asking for the pinned key's type keeps a host with several keys from presenting another one.
    ...(endpoint.hostKey === undefined
      ? {}
      : { algorithms: { serverHostKey: hostKeyTypes(endpoint.hostKey) } }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    ...(endpoint.privateKey === undefined ? {} : { privateKey: endpoint.privateKey }),
    ...(endpoint.privateKeyPassword === undefined ? {} : { passphrase: endpoint.privateKeyPassword }),
    ...(agent === undefined ? {} : { agent }),
    ...(tunnel === undefined ? {} : { sock: tunnel }),
  };
}

type HostKeyType =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-512'
  | 'rsa-sha2-256';

function hostKeyTypes(hostKey: string): HostKeyType[] {
  const types = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'] as const;
  const named = types.find((type) => hostKey.includes(type));
  return named === undefined ? ['rsa-sha2-512', 'rsa-sha2-256'] : [named];
}

async function forward(jump: Client, target: Endpoint, signal: AbortSignal): Promise<Duplex> {
  const where = `${target.host}:${target.port} through the proxy`;
  return within(target, signal, where, jump, (done, failed) => {
    jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
      if (error === undefined) done(channel);
      else failed(new Error(`${where}: ${error.message}`));
    });
  });
}

/** Runs one step of a dial, and ends the client when it fails, takes too long, or the user interrupts. */
async function within<T>(
  endpoint: Endpoint,
  signal: AbortSignal,
  where: string,
  client: Client,
  begin: (done: (value: T) => void, failed: (error: Error) => void) => void,
): Promise<T> {
  const seconds = endpoint.perDialTimeout;
  const limits = seconds === 0 ? [signal] : [signal, AbortSignal.timeout(seconds * 1_000)];
  const limit = AbortSignal.any(limits);
  try {
    return await new Promise<T>((done, failed) => {
      const giveUp = () =>
        failed(new Error(`${where}: ${signal.aborted ? 'interrupted' : `no answer in ${seconds} s`}`));
      if (limit.aborted) giveUp();
      limit.addEventListener('abort', giveUp, { once: true });
      begin(done, failed);
    });
  } catch (error) {
    client.destroy();
    throw error;
  }
}
