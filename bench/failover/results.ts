import { mkdirSync, readFileSync, renameSync, writeFileSync, existsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname } from 'node:path';
import type { Run } from './run';
import type { Target } from './target';

/** What docs/benchmarks/failover.json holds. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
}

/** Runs of an earlier, interrupted benchmark; none when there was none. */
export function readRuns(file: string): readonly Run[] {
  // Written by `writeRuns` below.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Run[]) : [];
}

/** In one step, so that an interrupt leaves the former ones. */
export function writeRuns(file: string, runs: readonly Run[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(runs));
  renameSync(`${file}.new`, file);
}

/** What the figures were measured on. */
export async function describeMachine(target: Target): Promise<Readonly<Record<string, string>>> {
  const [balancer = ''] = target.balancers;
  const version = async (command: string) => (await target.shell(balancer, command)).split('\n')[0] ?? '';
  return {
    where: target.kind === 'lab' ? 'the lab, on one machine' : 'a real stack',
    processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    kernel: release(),
    node: process.version,
    haproxy: await version('haproxy -v'),
    keepalived: await version('keepalived --version 2>&1'),
    python: await version('python3 --version'),
    broker: target.kind === 'lab' ? "the lab's stand-in for EMQX (ejabberd's MQTT)" : 'EMQX',
  };
}
