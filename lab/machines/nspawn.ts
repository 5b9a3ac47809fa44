import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import type { Cgroup } from './cgroup';
import type { MachineFiles } from './places';

export interface Boot {
  readonly instanceId: string;
  readonly hostname: string;
  readonly namespace: string;
  readonly files: MachineFiles;
  readonly cgroup: Cgroup;
  /** Loop device -> path in the guest. */
  readonly devices: ReadonlyMap<string, string>;
}

/** The status with which nspawn ends when its guest asks for a reboot; 0 is a power-off, anything else a crash. */
export const rebootStatus = 133;

/** Starts the container of a machine; standard output and error are its console. */
export function startContainer(boot: Boot): ChildProcess {
  return spawn(
    'sh',
    ['-c', `${boot.cgroup.enter} && exec "$@"`, 'sh', 'systemd-nspawn', ...containerArguments(boot)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A session of its own: a Ctrl-C in the lab's terminal is not for the guests.
      detached: true,
      env: {
        PATH: process.env['PATH'],
        // Otherwise every net.* setting is refused in the guest.
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network',
      },
    },
  );
}

export function containerArguments(boot: Omit<Boot, 'cgroup'>): string[] {
  return [
    ...['--quiet', '--boot', '--register=no', '--keep-unit', '--console=read-only', '--link-journal=no'],
    ...['--resolv-conf=off', '--timezone=off'],
    `--directory=${boot.files.root}`,
    `--machine=${boot.instanceId}`,
    `--hostname=${boot.hostname}`,
    `--network-namespace-path=/run/netns/${boot.namespace}`,
    // For the virtual IP, for VRRP, and for real-time priority.
    '--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_NICE',
    `--bind-ro=${escapeBind(boot.files.seed)}:/var/lib/cloud/seed/nocloud`,
    ...[...boot.devices].map(([device, path]) => `--bind=${device}:${path}`),
  ];
}

/** The guest's init as the host numbers it: the child of nspawn that is 1 in a namespace of its own. */
export async function initOf(container: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${container}/task/${container}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter((pid) => pid !== '')) {
    if (await isInit(Number(child))) return Number(child);
  }
  return undefined;
}

/** Whether a process is the first of a namespace other than the host's. */
export async function isInit(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const numbers = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
  return numbers.length > 1 && numbers.at(-1) === '1';
}

/** What nspawn leaves when it was killed; `root` is the machine's root, still mounted. */
export async function removeContainerTraces(instanceId: string, root: string): Promise<void> {
  await rm(`/run/systemd/nspawn/propagate/${instanceId}`, { recursive: true, force: true });
  const entry = await stat(root).catch(() => undefined);
  if (entry === undefined) return;
  await rm(`/run/systemd/nspawn/locks/inode-${entry.dev}:${entry.ino}`, { force: true });
}

/** Nspawn parts the paths of a bind by colons. */
function escapeBind(path: string): string {
  return path.replace(/[\\:]/g, (character) => `\\${character}`);
}
