import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRecorder } from '../recorder/build';
import { repositoryRoot } from '../product';
import { Machine } from './machine';

/** What the recorder saw of one MQTT client. */
export interface Seen {
  readonly broker: string;
  /** The broker's port: it names the listener that the client came through. */
  readonly port: number;
  readonly proxy?: {
    readonly source: { readonly address: string; readonly port: number };
    readonly ssl?: { readonly client: readonly string[]; readonly verify: number; readonly cn?: string };
  };
  readonly connect?: {
    readonly protocolName: string;
    readonly protocolLevel: number;
    /** Whether the highest bit of the level said that a bridge is calling. */
    readonly bridge: boolean;
    readonly clientId: string;
    readonly username: string | null;
  };
  readonly outcome: string;
}

/** What a broker saw of one WebSocket client. */
export interface SeenWebSocket {
  readonly broker: string;
  readonly websocket: string;
  readonly client: string;
  /** The header that a broker without PROXY protocol believes. */
  readonly forwardedFor: string;
}

/** What a broker saw of one MQTT client that came by TLS. */
export interface SeenEncrypted {
  readonly broker: string;
  /** The broker's port. */
  readonly encrypted: number;
  /** As the PROXY header says. */
  readonly client: string;
}

/** Of brokers that take TLS from the balancers. */
export interface BrokerIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface Broker {
  readonly name: string;
  readonly address: string;
  readonly machine: Machine;
  /** Sets what it answers to the balancers' agent check. */
  agent(answer: string): void;
}

/** Three brokers: recorders behind 1883 and 1884, WebSocket endpoints behind 8083 and 8084, /status and agents. */
export class Brokers {
  readonly seen: Seen[] = [];
  readonly websockets: SeenWebSocket[] = [];
  readonly encrypted: SeenEncrypted[] = [];
  private readonly sides = new Map<string, ChildProcess>();
  private readonly news = new EventEmitter().setMaxListeners(0);

  private constructor(
    readonly all: readonly Broker[],
    private readonly folder: string,
    private readonly recorder: string,
    private readonly identity: BrokerIdentity | undefined,
  ) {}

  static async start(network: Machine, identity?: BrokerIdentity): Promise<Brokers> {
    const folder = mkdtempSync(join(tmpdir(), 'dataplane-'));
    const recorder = await buildRecorder(folder);
    const all: Broker[] = [];
    const brokers = new Brokers(all, folder, recorder, identity);
    await Promise.all(
      brokerAddresses.map(async (address, index) => {
        all[index] = await brokers.startOne(`emqx-${index + 1}`, address, network);
      }),
    );
    return brokers;
  }

  /** Resolves once a broker has seen a client of this id, after this call. */
  async sees(clientId: string): Promise<Seen> {
    const [seen] = (await once(this.news, clientId)) as [Seen];
    return seen;
  }

  named(name: string): Broker {
    const found = this.all.find((broker) => broker.name === name);
    if (found === undefined) throw new Error(`no broker ${name}`);
    return found;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((broker) => broker.machine.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Brings back the programs of a broker that was killed. */
  async restart(name: string): Promise<void> {
    await this.run(this.named(name));
  }

  private async startOne(name: string, address: string, network: Machine): Promise<Broker> {
    const machine = await Machine.start();
    await machine.connect(address, network);
    const broker = {
      name,
      address,
      machine,
      agent: (answer: string) => void this.sides.get(name)?.stdin?.write(`${answer}\n`),
    };
    await this.run(broker);
    return broker;
  }

  private async run({ name, machine }: Broker): Promise<void> {
    const listening = [1883, 1884].map((port) =>
      started(machine, ['python3', this.recorder, '--port', String(port)], (line) => {
        const seen = { ...(JSON.parse(line) as Omit<Seen, 'broker' | 'port'>), broker: name, port };
        if (!('outcome' in seen)) return;
        this.seen.push(seen);
        this.news.emit(seen.connect?.clientId ?? 'nobody', seen);
      }),
    );
    const tls = this.identity === undefined ? [] : [JSON.stringify(this.identity)];
    const argv = [process.execPath, '--import', tsx, join(__dirname, 'brokerSide.ts'), '8083,8084', ...tls];
    const side = started(machine, argv, (line) => {
      const seen = JSON.parse(line) as Omit<SeenWebSocket, 'broker'> | Omit<SeenEncrypted, 'broker'>;
      if ('websocket' in seen) this.websockets.push({ ...seen, broker: name });
      if ('encrypted' in seen) this.encrypted.push({ ...seen, broker: name });
    });
    const [program] = await Promise.all([side, ...listening]);
    this.sides.set(name, program);
  }
}

export const brokerAddresses = ['192.0.2.11', '192.0.2.12', '192.0.2.13'] as const;

const tsx = join(repositoryRoot, 'node_modules', 'tsx', 'dist', 'loader.mjs');

/** Starts a program and waits for its first line. */
async function started(
  machine: Machine,
  argv: readonly string[],
  onLine: (line: string) => void,
): Promise<ChildProcess> {
  return new Promise((done, failed) => {
    const child = machine.start(argv, {
      onLine: (line) => {
        onLine(line);
        done(child);
      },
    });
    child.on('exit', () => failed(new Error(`${argv.join(' ')} ended before it said that it is ready`)));
  });
}
