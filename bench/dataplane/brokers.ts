import { join } from 'node:path';
import { repositoryRoot } from '../../proving/product';
import { brokerAddresses } from '../../proving/stage/brokers';
import { eventually } from '../../proving/stage/eventually';
import { Machine } from '../../proving/stage/machine';
import type { LoadProcesses } from './load';
import { tuneMachine } from './tuning';

export const brokerPort = 1883;

/** Three machines with mosquitto, and with /status and the agent that a broker of the product has beside it. */
export class MosquittoBrokers {
  private readonly machines = new Map<string, { readonly machine: Machine; readonly address: string }>();

  private constructor(private readonly load: LoadProcesses) {}

  static async start(network: Machine, load: LoadProcesses): Promise<MosquittoBrokers> {
    const brokers = new MosquittoBrokers(load);
    await Promise.all(
      brokerAddresses.map(async (address, index) => {
        const machine = await Machine.start();
        await machine.connect(address, network);
        await tuneMachine(machine);
        brokers.machines.set(`emqx-${index + 1}`, { machine, address });
      }),
    );
    for (const name of brokers.machines.keys()) await brokers.run(name);
    return brokers;
  }

  /** Hits all of a broker's processes at once; when, by the monotonic clock, in seconds. */
  async fault(name: string, kind: 'killed' | 'frozen'): Promise<number> {
    const signal = kind === 'killed' ? 'SIGKILL' : 'SIGSTOP';
    return Number(await this.named(name).machine.run(['python3', '-c', signalling, signal]));
  }

  /** Undoes a fault; resolves when the broker serves again. */
  async mend(name: string, kind: 'killed' | 'frozen'): Promise<void> {
    if (kind === 'frozen') await this.named(name).machine.signal('CONT');
    else await this.run(name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.machines.values()].map(({ machine }) => machine.stop()));
  }

  private async run(name: string): Promise<void> {
    const { machine, address } = this.named(name);
    // A machine without layers shares this host's files, so the configuration comes by a pipe.
    machine.start(['sh', '-c', 'printf "%s" "$1" | exec mosquitto -c /dev/stdin', 'sh', configuration]);
    machine.start([process.execPath, '--import', tsx, brokerSide, '']);
    await eventually(() => machine.run(['python3', '-c', reaching]), { timeoutMs: 15_000 });
    await this.load.name(address, brokerPort, name);
  }

  private named(name: string): { readonly machine: Machine; readonly address: string } {
    const found = this.machines.get(name);
    if (found === undefined) throw new Error(`no broker ${name}`);
    return found;
  }
}

const tsx = join(repositoryRoot, 'node_modules', 'tsx', 'dist', 'loader.mjs');
const brokerSide = join(repositoryRoot, 'proving', 'stage', 'brokerSide.ts');

/** No log, no statistics, nothing dropped: as little beside the messages as it can be told. */
const configuration = `
listener ${brokerPort} 0.0.0.0
user root
allow_anonymous true
log_dest none
sys_interval 0
persistence false
max_queued_messages 0
set_tcp_nodelay true
`;

const reaching = `
import socket
for port in (${brokerPort}, 18083, 18084):
    socket.create_connection(("127.0.0.1", port), 1).close()
`;

/** kill(-1) spares the caller and the machine's first process, which keeps its namespaces. */
const signalling = `
import os, signal, sys, time
at = time.monotonic()
os.kill(-1, signal.Signals[sys.argv[1]])
print(at)
`;
