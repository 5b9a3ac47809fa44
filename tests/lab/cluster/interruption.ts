import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { paths, stateFolder } from '../../../lab/paths';
import { configure, finished, lab, labOk, resetConfiguration, startLab } from './lab';

/** An `up` that is interrupted is finished by the next one, and `down` leaves nothing. */
export function interruption(): void {
  describe('an interrupted up', () => {
    it.each(['SIGINT', 'SIGKILL'] as const)('by %s is finished by the next', async (signal) => {
      const undo = configure({ haproxy: { maxKeepaliveSeconds: signal === 'SIGINT' ? 500 : 550 } });
      const child = startLab('up');
      const ended = finished(child);
      await printed(child, /updating/);
      child.kill(signal);
      expect((await ended).code).not.toBe(0);
      await labOk('up');
      await labOk('verify');
      undo();
    });
  });

  describe('a lab whose region died', () => {
    it('is made anew by the next up', async () => {
      resetConfiguration();
      process.kill(Number(readFileSync(paths.daemonPid, 'utf8')), 'SIGKILL');
      await labOk('up');
      await labOk('verify');
    });
  });

  describe('down', () => {
    it('leaves no namespace, mount, loop device, process, rule or address behind', async () => {
      const processes = labProcesses();
      expect(processes).not.toEqual([]);
      await labOk('down');
      const nothing = { namespaces: [], mounts: [], loops: [], addresses: [], processes: [] };
      // What the region had started ends with it, a moment later.
      await expect.poll(() => leftovers(processes), { timeout: 5_000 }).toEqual(nothing);
      expect(existsSync(stateFolder)).toBe(false);
    });

    it('has nothing to do the second time', async () => {
      expect((await lab('down')).code).toBe(0);
    });
  });
}

async function printed(child: ReturnType<typeof startLab>, pattern: RegExp): Promise<void> {
  let text = '';
  while (!pattern.test(text)) {
    if (child.stdout === null) throw new Error('no standard output');
    const [chunk] = (await once(child.stdout, 'data')) as [string];
    text += chunk;
  }
}

/** The region's process and what it started: machines, nft, moto. */
function labProcesses(): readonly string[] {
  const all = lines('ps', '-eo', 'pid=,ppid=').map((line) => line.trim().split(/\s+/));
  const found = new Set([readFileSync(paths.daemonPid, 'utf8').trim()]);
  for (const ancestor of found) for (const [pid = '', parent] of all) if (parent === ancestor) found.add(pid);
  return [...found];
}

function lines(program: string, ...args: string[]): readonly string[] {
  const printed = execFileSync(program, args, { encoding: 'utf8' });
  return printed.split('\n').filter((line) => line !== '');
}

/** What is still there of a lab, by kind. */
function leftovers(processes: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return {
    namespaces: lines('ip', 'netns', 'list').filter((line) => line.startsWith('ec2lab')),
    mounts: lines('cat', '/proc/self/mounts').filter((line) => line.includes(stateFolder)),
    loops: lines('losetup', '-a').filter((line) => line.includes(stateFolder)),
    addresses: lines('ip', '-brief', 'address').filter((line) => /203\.0\.113\.|198\.51\.100\./.test(line)),
    processes: processes.filter((pid) => existsSync(`/proc/${pid}`)),
  };
}
