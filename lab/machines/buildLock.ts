import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { until } from './until';

const waitTimeoutMs = 15 * 60_000;
const askIntervalMs = 200;

/** Does work that only one process at a time may do; a lock whose holder has died is nobody's. */
export async function withBuildLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  await until(`nobody else builds (${file})`, waitTimeoutMs, () => takes(file), askIntervalMs);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function takes(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid} ${(await startOf(process.pid)) ?? ''}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const holder = await readFile(file, 'utf8').catch(() => '');
  const [pid = '', start = ''] = holder.split(' ');
  // Empty while its holder is between making and writing it.
  if (pid !== '' && (await startOf(Number(pid))) !== start) await rm(file, { force: true });
  return false;
}

/** When a process began, in ticks since the host did: with it a number that was given anew is not taken for the old. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
