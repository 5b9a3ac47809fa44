import { cpus } from 'node:os';
import { run } from '../../lab/process';

/**
 * Does something with all that this benchmark has started on the first processor. Where client, proxy and broker may
 * run on several, waking another costs more than the way through a proxy, and how often that is needed is the
 * scheduler's luck.
 */
export async function onOneProcessor<T>(work: () => Promise<T>): Promise<T> {
  const started = descendants(await run('ps', ['-e', '-o', 'pid=,ppid=']), process.pid);
  await place(started, '0');
  try {
    return await work();
  } finally {
    await place(started, `0-${cpus().length - 1}`);
  }
}

function descendants(table: string, of: number): readonly number[] {
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const children = rows.flatMap(([pid = 0, parent = 0]) => (parent === of && pid !== 0 ? [pid] : []));
  return children.flatMap((child) => [child, ...descendants(table, child)]);
}

async function place(processes: readonly number[], processors: string): Promise<void> {
  const taskset = ['taskset', '--all-tasks', '--cpu-list', '--pid', processors];
  // One that ended meanwhile is in no one's way.
  await Promise.all(processes.map((pid) => run('sh', ['-c', '"$@" || true', 'sh', ...taskset, String(pid)])));
}
