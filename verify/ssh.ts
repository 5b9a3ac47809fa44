import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ClientChannel } from 'ssh2';
import type { Outputs } from './outputs';

type Target = Outputs['ssh']['hosts'][string];

const readyTimeoutMs = 5_000;
const commandTimeoutMs = 10_000;
/** OpenSSH's MaxSessions is 10 by default. */
const commandsAtOnce = 8;
const turnMs = 20;
/** Of a command, in an error. */
const longestTold = 100;

/** A host that shows another key than the outputs name: someone may stand in for it. */
export class WrongHostKey extends Error {}

/** One connection per host, opened when first needed and used for every command on it. */
export class Ssh {
  readonly #login: Outputs['ssh'];
  readonly #connections = new Map<string, Promise<Client>>();
  readonly #commands = new Map<string, number>();

  constructor(login: Outputs['ssh']) {
    this.#login = login;
  }

  /** The standard output of a command that a shell runs on the host; throws when it fails. */
  async run(host: string, command: string, timeoutMs = commandTimeoutMs): Promise<string> {
    const client = await this.connect(host);
    await this.#turn(host);
    try {
      return await execute(client, command, host, timeoutMs);
    } finally {
      this.#ended(host);
    }
  }

  /** A command that a shell runs on the host, as a stream of what it reads and prints. */
  async start(host: string, command: string): Promise<ClientChannel> {
    const client = await this.connect(host);
    await this.#turn(host);
    return new Promise((done, failed) => {
      client.exec(command, (error, channel) => {
        if (error === undefined) {
          channel.on('close', () => this.#ended(host));
          done(channel);
        } else {
          this.#ended(host);
          failed(error);
        }
      });
    });
  }

  /** A connection that the host's SSH server makes. */
  async forward(host: string, address: string, port: number): Promise<ClientChannel> {
    return forward(await this.connect(host), address, port);
  }

  /** Logs in; throws when the host does not answer or shows another key than the pinned one. */
  connect(host: string): Promise<Client> {
    let connection = this.#connections.get(host);
    if (connection === undefined) {
      connection = this.#dial(host);
      this.#connections.set(host, connection);
      // Whoever waits for it hears of the failure; unobserved it would end the process.
      connection.catch(() => undefined);
    }
    return connection;
  }

  async close(): Promise<void> {
    for (const connection of await Promise.allSettled(this.#connections.values())) {
      if (connection.status === 'fulfilled') connection.value.end();
    }
  }

  async #turn(host: string): Promise<void> {
    const running = () => this.#commands.get(host) ?? 0;
    while (running() >= commandsAtOnce) await pause(turnMs);
    this.#commands.set(host, running() + 1);
  }

  #ended(host: string): void {
    this.#commands.set(host, (this.#commands.get(host) ?? 1) - 1);
  }

  async #dial(host: string): Promise<Client> {
    const target = this.#login.hosts[host];
    if (target === undefined) throw new Error(`${host}: the outputs say nothing of how to log in to it`);
    if (target.jump === undefined) return this.#open(host, target);
    // Any host that is reached directly can stand in for a jump host that is down.
    const direct = Object.keys(this.#login.hosts).filter(
      (name) => this.#login.hosts[name]?.jump === undefined,
    );
    const jumps = [target.jump, ...direct.filter((name) => name !== target.jump)];
    const failures: string[] = [];
    for (const jump of jumps) {
      try {
        return await this.#open(host, target, await this.connect(jump));
      } catch (error) {
        failures.push(`through ${jump}: ${String(error instanceof Error ? error.message : error)}`);
      }
    }
    throw new Error(`${host} cannot be reached ${failures.join('; ')}`);
  }

  async #open(host: string, target: Target, jump?: Client): Promise<Client> {
    const sock = jump === undefined ? undefined : await forward(jump, target.address, 22);
    const pinned = parseHostKey(target.hostKey);
    const client = new Client();
    return new Promise((done, failed) => {
      let mismatch = false;
      client.on('ready', () => done(client));
      client.on('error', (error) => {
        const wrongKey = `${host}: shows another host key than the pinned one`;
        failed(mismatch ? new WrongHostKey(wrongKey) : new Error(`${host}: ${error.message}`));
      });
      client.connect({
        host: target.address,
        username: this.#login.user,
        privateKey: this.#login.privateKey,
        readyTimeout: readyTimeoutMs,
        algorithms: { serverHostKey: [pinned.type] },
        hostVerifier: (key: Buffer) => {
          mismatch = !key.equals(pinned.key);
          return !mismatch;
        },
        ...(sock === undefined ? {} : { sock }),
      });
    });
  }
}

/** Type and key of an OpenSSH line, `ssh-ed25519 AAAA... [comment]`. */
export function parseHostKey(line: string): { readonly type: 'ssh-ed25519'; readonly key: Buffer } {
  const [type, key] = line.trim().split(/\s+/);
  if (type !== 'ssh-ed25519' || key === undefined) {
    throw new Error(
      `a host key is given as ${JSON.stringify(line)}; allowed: ssh-ed25519 and the key in base64`,
    );
  }
  return { type, key: Buffer.from(key, 'base64') };
}

/** One word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function forward(jump: Client, address: string, port: number): Promise<ClientChannel> {
  return new Promise((done, failed) => {
    jump.forwardOut('127.0.0.1', 0, address, port, (error, channel) =>
      error ? failed(error) : done(channel),
    );
  });
}

function execute(client: Client, command: string, host: string, timeoutMs: number): Promise<string> {
  const [told = ''] = command.trim().split('\n');
  const what = `${host}: ${told.length > longestTold ? `${told.slice(0, longestTold)}...` : told}`;
  return new Promise((done, failed) => {
    const timer = setTimeout(
      () => failed(new Error(`${what}: no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    client.exec(command, (error, channel) => {
      if (error) {
        clearTimeout(timer);
        failed(error);
        return;
      }
      let output = '';
      let errors = '';
      channel.setEncoding('utf8').on('data', (text: string) => (output += text));
      channel.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
      channel.on('close', (code: number | null) => {
        clearTimeout(timer);
        if (code === 0) done(output);
        else failed(new Error(`${what}: exit ${String(code)}: ${(errors || output).trim()}`));
      });
    });
  });
}
