import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';

/** An SSH server and who logs in to it. */
export interface SshEndpoint {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** The one key that it may show, `TYPE BASE64`. */
  readonly hostKey: string;
}

/** Why a try got no further. */
export type Hindrance =
  | 'refused'
  | 'unanswered'
  | 'unreachable'
  | 'silent'
  | 'closed'
  | 'wrongKey'
  | 'loginRefused'
  | 'noTunnel'
  | 'noShell'
  | 'agent';

/** What a try met, at which endpoint. */
export class NoWayIn extends Error {
  constructor(
    readonly hindrance: Hindrance,
    /** What was seen, as the middle of a sentence. */
    message: string,
    readonly atJump: boolean,
  ) {
    super(message);
  }
}

/** How long each step of a try may take. */
export interface DialLimits {
  /** The TCP connect, in milliseconds. */
  readonly connectMs: number;
  /** From the connect to the login, and again for the tunnel and the first command, in milliseconds. */
  readonly answerMs: number;
}

/** What is done on a host once it lets one in. */
export interface Deed {
  /** A command, which fails by its exit code. */
  readonly command: string;
  /** After which it is ended, in milliseconds. */
  readonly withinMs: number;
  /** What has failed then, as the beginning of a sentence. */
  readonly failed: string;
}

/**
 * Goes all the way to a host once, each step with a limit of its own, on a connection of its own: connect, the host's
 * key, login, and that a command ends. Through a jump host the same there first. Throws NoWayIn. A deed is done then, on
 * the same connection; what hinders that is no NoWayIn, since another try would do it twice.
 */
export async function dialOnce(
  target: SshEndpoint,
  jump: SshEndpoint | undefined,
  limits: DialLimits,
  deed?: Deed,
): Promise<void> {
  await loggedIn(target, jump, limits, async (client) => {
    await run(client, 'true', limits.answerMs);
    if (deed !== undefined) await done(deed, client);
  });
}

/** Throws what the deed's command printed on standard error where it fails. */
async function done({ command, withinMs, failed }: Deed, client: Client): Promise<void> {
  const { code, complaint } = await run(client, command, withinMs).catch((error: unknown) => {
    throw new Error(`${failed}: ${messageOf(error)}`, { cause: error });
  });
  if (code !== 0) throw new Error(`${failed}: ${complaint.trim() || `exit code ${code ?? 'unknown'}`}`);
}

/** Logs in, through the jump host first; the connection ends with the use of it. */
async function loggedIn<T>(
  target: SshEndpoint,
  jump: SshEndpoint | undefined,
  limits: DialLimits,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const opened: { destroy(): unknown }[] = [];
  try {
    await checkAgent(limits);
    if (jump === undefined) {
      const socket = await openSocket(target, false, limits);
      opened.push(socket);
      const client = await logIn(target, socket, false, limits);
      opened.push(client);
      return await use(client);
    }
    const socket = await openSocket(jump, true, limits);
    opened.push(socket);
    const jumpClient = await logIn(jump, socket, true, limits);
    opened.push(jumpClient);
    const tunnel = await openTunnel(jumpClient, target, limits);
    const client = await logIn(target, tunnel, false, limits);
    opened.push(client);
    return await use(client);
  } finally {
    for (const each of opened.reverse()) each.destroy();
  }
}

/** The command provider asks the agent that SSH_AUTH_SOCK names, and fails at one that is gone. */
async function checkAgent({ connectMs }: DialLimits): Promise<void> {
  const path = process.env['SSH_AUTH_SOCK'] ?? '';
  if (path === '') return;
  await bounded<unknown>(
    connectMs,
    (done, failed) => {
      const agent = connect({ path }, () => done(agent.destroy()));
      agent.on('error', failed);
    },
    () => new NoWayIn('agent', 'no answer', false),
  ).catch((error: unknown) => {
    throw new NoWayIn('agent', `the SSH agent at ${path} (SSH_AUTH_SOCK): ${messageOf(error)}`, false);
  });
}

async function openSocket(
  { address, port }: SshEndpoint,
  atJump: boolean,
  { connectMs }: DialLimits,
): Promise<Socket> {
  const socket = connect({ host: address, port });
  return bounded<Socket>(
    connectMs,
    (done, failed) => {
      socket.once('connect', () => done(socket));
      socket.on('error', (error: NodeJS.ErrnoException) => failed(connectFailure(error, atJump)));
    },
    () => {
      socket.destroy();
      return new NoWayIn('unanswered', `no answer to the connection within ${seconds(connectMs)}`, atJump);
    },
  );
}

function connectFailure(error: NodeJS.ErrnoException, atJump: boolean): NoWayIn {
  if (error.code === 'ECONNREFUSED') return new NoWayIn('refused', 'the connection is refused', atJump);
  return new NoWayIn('unreachable', messageOf(error), atJump);
}

async function logIn(
  endpoint: SshEndpoint,
  stream: Duplex,
  atJump: boolean,
  { answerMs }: DialLimits,
): Promise<Client> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const pinned = parseHostKey(endpoint.hostKey);
  let greeted = false;
  let other: Buffer | undefined;
  const options: ConnectConfig = {
    sock: stream,
    username: endpoint.user,
    privateKey: endpoint.privateKey,
    readyTimeout: 0,
    // A host with several keys shows the one that is asked for. The command provider asks by the key's own type.
    algorithms: { serverHostKey: [pinned.type] },
    hostVerifier: (key: Buffer) => {
      if (key.equals(pinned.key)) return true;
      other = key;
      return false;
    },
  };
  const fail = (reason: string): NoWayIn => {
    client.destroy();
    if (other !== undefined)
      return new NoWayIn(
        'wrongKey',
        `it shows the host key ${fingerprint(other)} instead of ${fingerprint(pinned.key)}, the one that it was given`,
        atJump,
      );
    return loginFailure(reason, pinned.type, atJump);
  };
  return bounded<Client>(
    answerMs,
    (done, failed) => {
      client.on('greeting', () => (greeted = true));
      client.on('handshake', () => (greeted = true));
      client.once('ready', () => done(client));
      client.on('error', (error) => failed(fail(messageOf(error))));
      client.once('close', () => failed(fail('EOF')));
      // A tunnel that ends is not told to the client by itself.
      stream.once('close', () => failed(fail('EOF')));
      client.connect(options);
    },
    () => {
      client.destroy();
      const what = greeted
        ? 'the login is not answered'
        : 'the connection is taken, but no SSH server greets';
      return new NoWayIn('silent', `${what} within ${seconds(answerMs)}`, atJump);
    },
  );
}

function loginFailure(reason: string, keyType: string, atJump: boolean): NoWayIn {
  if (/authentication methods failed/.test(reason))
    return new NoWayIn('loginRefused', 'the login is refused', atJump);
  if (/no matching host key format/.test(reason))
    return new NoWayIn('wrongKey', `it has no host key of the type ${keyType} that it was given`, atJump);
  const closed = /EOF|ECONNRESET|closed|before handshake|socket|Not connected/i.test(reason);
  const seen = closed ? 'the connection is taken and closed again before a login' : reason;
  return new NoWayIn('closed', seen, atJump);
}

async function openTunnel(jump: Client, target: SshEndpoint, { answerMs }: DialLimits): Promise<Duplex> {
  return bounded<Duplex>(
    answerMs,
    (done, failed) => {
      const lost = () => failed(new NoWayIn('closed', 'it ends the connection instead of going on', true));
      jump.once('close', lost);
      jump.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
        jump.off('close', lost);
        if (error === undefined) done(channel);
        else failed(new NoWayIn('noTunnel', messageOf(error), false));
      });
    },
    () => new NoWayIn('unanswered', `no answer to the connection within ${seconds(answerMs)}`, false),
  );
}

interface Ran {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** Standard error. */
  readonly complaint: string;
}

/** A host whose disk hangs logs one in and runs nothing. */
async function run(client: Client, command: string, withinMs: number): Promise<Ran> {
  const hangs = () =>
    new NoWayIn(
      'noShell',
      `it takes the login, but a command does not end within ${seconds(withinMs)}`,
      false,
    );
  return bounded<Ran>(
    withinMs,
    (done, failed) => {
      const lost = () => failed(new NoWayIn('closed', 'it takes the login and ends the connection', false));
      client.once('close', lost);
      client.exec(command, (error, channel) => {
        if (error !== undefined) {
          failed(
            new NoWayIn('noShell', `it takes the login, but runs no command: ${messageOf(error)}`, false),
          );
          return;
        }
        let code: number | undefined;
        let complaint = '';
        channel.stderr.on('data', (part: Buffer) => (complaint += part.toString()));
        channel.on('exit', (status: number | null) => (code = status ?? undefined));
        channel.on('close', () => done({ code, complaint }));
        channel.resume();
      });
    },
    hangs,
  );
}

async function bounded<T>(
  limitMs: number,
  begin: (done: (value: T) => void, failed: (error: Error) => void) => void,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(late()), limitMs);
  });
  try {
    return await Promise.race([new Promise<T>(begin), limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Type and key of a line as in known_hosts or a .pub file. */
function parseHostKey(line: string): { readonly type: ServerHostKeyAlgorithm; readonly key: Buffer } {
  const fields = line.trim().split(/\s+/);
  const at = fields.findIndex((field) => /^(ssh-|ecdsa-sha2-)/.test(field));
  const key = Buffer.from(fields[at + 1] ?? '', 'base64');
  const type = hostKeyTypes.find((known) => known === fields[at]);
  if (type === undefined || key.length === 0)
    throw new NoWayIn(
      'wrongKey',
      `the host key that it was given begins with "${line.slice(0, 20)}"; it must be one of ${hostKeyTypes.join(', ')} and the key in base64`,
      false,
    );
  return { type, key };
}

const hostKeyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const satisfies readonly ServerHostKeyAlgorithm[];

/** As `ssh-keygen -l` shows it. */
function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1_000} s`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
