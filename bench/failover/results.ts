import { z } from 'zod';
import { clientOutageSchema } from './clients';
import { readKept } from '../kept';
import { describeThisMachine } from '../machine';
import { phasesSchema } from './phases';
import type { Target } from '../../proving/pair/target';

const runSchema = z.object({
  cell: z.string(),
  at: z.string(),
  /** Longest time without service for new connections, from the fault until they are served again. */
  outageMs: z.number(),
  phases: phasesSchema,
  /** Absent where no clients lived through the fault. */
  clients: clientOutageSchema.exactOptional(),
  /** The same as `outageMs` while the fault was healed. */
  healOutageMs: z.number(),
  /** From the healing until one balancer is master and EC2's holder, and the other is ready. */
  settledMs: z.number(),
  /** Whether the benchmark had to do that, since the public examples did not. */
  wasRepaired: z.boolean(),
  loadAverage: z.number(),
});

/** One fault, measured. */
export type Run = z.infer<typeof runSchema>;

/** What docs/benchmarks/failover.json holds. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
}

/** Runs of an earlier, interrupted benchmark; none when there were none. */
export function readRuns(file: string): readonly Run[] {
  return readKept(file, runSchema);
}

/** What the figures were measured on. */
export async function describeMachine(target: Target): Promise<Readonly<Record<string, string>>> {
  const [balancer = ''] = target.balancers;
  const version = async (command: string) => (await target.shell(balancer, command)).split('\n')[0] ?? '';
  return {
    where: target.kind === 'lab' ? 'the lab, on one machine' : 'a real stack',
    ...describeThisMachine(),
    node: process.version,
    haproxy: await version('haproxy -v'),
    keepalived: await version('keepalived --version 2>&1'),
    python: await version('python3 --version'),
    broker: target.kind === 'lab' ? "the lab's stand-in for EMQX (ejabberd's MQTT)" : 'EMQX',
  };
}
