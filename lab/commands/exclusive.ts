import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labHome } from '../paths';

const holderFile = join(labHome, 'command.lock');

/** Runs a command that changes the lab, and refuses while another one does. */
export async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(labHome, { recursive: true });
  take();
  const release = () => rmSync(holderFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(): void {
  const own = `${process.pid} ${startOf(process.pid) ?? ''}`;
  for (;;) {
    try {
      writeFileSync(holderFile, own, { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid = '', start = ''] = readFileSync(holderFile, 'utf8').split(' ');
    if (startOf(Number(pid)) === start) {
      throw new Error(
        `another command works on the lab (process ${pid}): wait for it, or press Ctrl-C there`,
      );
    }
    rmSync(holderFile, { force: true });
  }
}

/** When a process began, in the kernel's ticks: with the number it names a process for good. */
function startOf(pid: number): string | undefined {
  try {
    // The name, in brackets, may hold anything; what follows it does not.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
