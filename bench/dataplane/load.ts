import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z, type ZodType } from 'zod';
import { clientAddresses } from '../../proving/stage/network';
import { splitEvenly } from './splitEvenly';

/** Where load goes: one address, or several that the load processes share out. */
export interface LoadTarget {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly tls?: { readonly authorityFile: string; readonly identityFile?: string };
}

/** What load/order.py reads; there the meaning of each. */
export interface Order {
  readonly prefix: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly payload_bytes?: number;
  readonly broker?: string;
  readonly keep?: string;
  readonly resume?: string;
}

const connected = z.object({
  connected: z.number(),
  failed: z.number(),
  resumed: z.number(),
  kept: z.number(),
});
const placed = z.object({ brokers: z.array(z.string()) });
const nothing = z.object({});

/** Python processes that are many clients. Each leaves from addresses of its own, and answers one order at a time. */
export class LoadProcesses {
  private constructor(private readonly processes: readonly LoadProcess[]) {}

  static async start(count: number): Promise<LoadProcesses> {
    return new LoadProcesses(
      await Promise.all(Array.from({ length: count }, (_, index) => LoadProcess.start(index))),
    );
  }

  /** Some of them. */
  first(count: number): LoadProcesses {
    return new LoadProcesses(this.processes.slice(0, count));
  }

  /** The others than those. */
  after(count: number): LoadProcesses {
    return new LoadProcesses(this.processes.slice(count));
  }

  /** Gives the order to all at once; `count` is split among them. */
  async all<T>(what: string, answer: ZodType<T>, target: LoadTarget, order: Order): Promise<readonly T[]> {
    const counts = splitEvenly(order.count ?? 0, this.processes.length);
    let first = 0;
    return Promise.all(
      this.processes.map((process, index) => {
        const host = target.hosts[index % target.hosts.length] ?? '';
        const own = { ...order, count: counts[index] ?? 0, first };
        first += own.count;
        return process.ask(what, answer, { ...fields(target), ...own, host });
      }),
    );
  }

  /** New clients that leave again; their sum over all processes. */
  async connect(target: LoadTarget, order: Order & { readonly count: number }): Promise<Connected> {
    const answers = await this.all('connect', connected, target, order);
    const sum = (value: (each: Connected) => number) =>
      answers.reduce((total, each) => total + value(each), 0);
    return {
      connected: sum((each) => each.connected),
      failed: sum((each) => each.failed),
      resumed: sum((each) => each.resumed),
      kept: sum((each) => each.kept),
    };
  }

  /** New clients that send what no MQTT listener takes, until they are closed. */
  async refuse(target: LoadTarget, order: Order & { readonly count: number }): Promise<void> {
    await this.all('refuse', nothing, target, order);
  }

  /** The broker of each of so many client ids, in their order. */
  async places(target: LoadTarget, prefix: string, count: number): Promise<readonly string[]> {
    return (await this.all('places', placed, target, { prefix, count })).flatMap(({ brokers }) => brokers);
  }

  /** Tells a broker its name, which its clients can then ask for. */
  async name(host: string, port: number, broker: string): Promise<void> {
    await this.first(1).all('name', nothing, { hosts: [host], port }, { prefix: 'namer', broker });
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
  }
}

export type Connected = z.infer<typeof connected>;

class LoadProcess {
  private readonly answers: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly source: string,
  ) {
    if (child.stdout === null) throw new Error('a load process has no standard output');
    this.answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  static async start(index: number): Promise<LoadProcess> {
    const child = spawn('python3', [join(__dirname, 'load', 'load.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child, 'spawn');
    return new LoadProcess(child, clientAddresses[index % clientAddresses.length] ?? '');
  }

  async ask<T>(
    what: string,
    answer: ZodType<T>,
    fieldsOfOrder: Readonly<Record<string, unknown>>,
  ): Promise<T> {
    const order = { do: what, source: this.source, ...fieldsOfOrder };
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await this.answers.next();
    if (line.done === true) throw new Error(`a load process ended at ${JSON.stringify(order)}`);
    const parsed: unknown = JSON.parse(line.value);
    const failure = z.object({ error: z.string() }).safeParse(parsed);
    if (failure.success) throw new Error(`load: ${failure.data.error}`);
    return answer.parse(parsed);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }
}

function fields({ port, tls }: LoadTarget): Readonly<Record<string, unknown>> {
  return { port, authority: tls?.authorityFile ?? '', identity: tls?.identityFile ?? '' };
}
