import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../proving/stage/eventually';
import type { Machine } from '../../proving/stage/machine';

/** How often all processes of this name in a machine called the system while something was done, by the call's name. */
export async function countSystemCalls(
  machine: Machine,
  program: string,
  work: () => Promise<void>,
): Promise<ReadonlyMap<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-strace-'));
  const summary = join(folder, 'summary');
  const traced = processesOf(machine, program);
  const strace = spawn(
    'strace',
    ['-f', '-c', '--summary-columns=calls,name', '-o', summary, ...traced.flatMap((pid) => ['-p', pid])],
    { stdio: 'ignore' },
  );
  try {
    await eventually(() => {
      const free = traced.flatMap(threadsOf).filter((status) => /^TracerPid:\t0$/m.test(status));
      if (free.length > 0) throw new Error(`strace does not follow ${free.length} threads yet`);
    });
    await work();
  } finally {
    const ended = once(strace, 'exit');
    strace.kill('SIGINT');
    await ended;
  }
  const calls = [...readFileSync(summary, 'utf8').matchAll(/^ *(\d+) (\w+)$/gm)].flatMap(
    ([, count, name = '']) => (name === 'total' ? [] : [[name, Number(count)] as const]),
  );
  rmSync(folder, { recursive: true });
  return new Map(calls);
}

/** As this host knows them. */
function processesOf({ pid }: Machine, program: string): readonly string[] {
  const namespace = readlinkSync(`/proc/${pid}/ns/pid`);
  return readdirSync('/proc').filter((entry) => {
    try {
      return (
        /^\d+$/.test(entry) &&
        readlinkSync(`/proc/${entry}/ns/pid`) === namespace &&
        readFileSync(`/proc/${entry}/comm`, 'utf8').trim() === program
      );
    } catch {
      // It ended meanwhile.
      return false;
    }
  });
}

function threadsOf(pid: string): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'),
  );
}
