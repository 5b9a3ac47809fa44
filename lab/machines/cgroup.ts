import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalIfThere } from './signal';
import { until } from './until';

/**
 * The cgroups of one machine. Only those that freezing, killing and the guest's systemd need: a cpu cgroup of its own
 * would start without real-time budget on kernels with RT_GROUP_SCHED, and Keepalived asks for real time.
 */
export interface Cgroup {
  /** Shell commands that put the shell itself in. */
  readonly enter: string;
  create(): Promise<void>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  processes(): Promise<number[]>;
  /** Ends every process at once, frozen ones too, and waits until they are gone. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function openCgroup(parent: string, name: string): Promise<Cgroup> {
  const { freezer, others } = await hierarchies();
  const of = (mount: string) => join(mount, parent, name);
  const all = [freezer.mount, ...others].map(of);
  const setFrozen = async (frozen: boolean) => {
    const group = of(freezer.mount);
    if (!existsSync(group)) return;
    await writeFile(join(group, freezer.file), frozen ? freezer.frozen : freezer.thawed);
    // The kernel freezes task by task; only then does the state read as asked for.
    if (frozen) await until(`${name} is frozen`, 5_000, () => freezer.isFrozen(group));
  };
  const processes = () => processesBelow(of(freezer.mount));
  const killAll = async () => {
    await setFrozen(true);
    for (const pid of await processes()) signalIfThere(pid, 'SIGKILL');
    await setFrozen(false);
  };
  return {
    enter: all.map((group) => `echo $$ >'${join(group, 'cgroup.procs')}'`).join(' && '),
    create: async () => {
      for (const group of all) await mkdir(group, { recursive: true });
    },
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    processes,
    kill: async () => {
      await killAll();
      await until(`the processes of ${name} are gone`, 10_000, async () => (await processes()).length === 0);
    },
    remove: async () => {
      for (const group of all) await removeTree(group);
    },
  };
}

/** The machines that have a cgroup, running or not. */
export async function cgroupsBelow(parent: string): Promise<string[]> {
  const { freezer } = await hierarchies();
  return foldersIn(join(freezer.mount, parent));
}

/** Removes the cgroup above the machines' once theirs are gone. */
export async function removeParentCgroup(parent: string): Promise<void> {
  const { freezer, others } = await hierarchies();
  for (const mount of [freezer.mount, ...others]) await removeTree(join(mount, parent));
}

interface Freezer {
  readonly mount: string;
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  isFrozen(group: string): Promise<boolean>;
}

/** This host's hierarchies: version 1 (with a freezer, systemd's own and perhaps version 2 beside it) or version 2. */
async function hierarchies(): Promise<{ freezer: Freezer; others: string[] }> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type = '', , options = ''] = after.split(' ');
    return type.startsWith('cgroup')
      ? [{ path: before.split(' ')[4] ?? '', type, options: options.split(',') }]
      : [];
  });
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.path;
  const first = (option: string) =>
    mounts.find(({ type, options }) => type === 'cgroup' && options.includes(option))?.path;
  const freezer = first('freezer');
  if (freezer !== undefined) {
    const others = [first('name=systemd'), unified].filter((path) => path !== undefined);
    return { freezer: freezerOfVersion1(freezer), others };
  }
  if (unified === undefined) throw new Error('lab: no cgroups are mounted; mount cgroup2 on /sys/fs/cgroup');
  return { freezer: freezerOfVersion2(unified), others: [] };
}

const freezerOfVersion1 = (mount: string): Freezer => ({
  mount,
  file: 'freezer.state',
  frozen: 'FROZEN',
  thawed: 'THAWED',
  isFrozen: async (group) => (await readFile(join(group, 'freezer.state'), 'utf8')).trim() === 'FROZEN',
});

const freezerOfVersion2 = (mount: string): Freezer => ({
  mount,
  file: 'cgroup.freeze',
  frozen: '1',
  thawed: '0',
  isFrozen: async (group) => /^frozen 1$/m.test(await readFile(join(group, 'cgroup.events'), 'utf8')),
});

async function processesBelow(group: string): Promise<number[]> {
  const own = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  const below = await Promise.all((await foldersIn(group)).map((name) => processesBelow(join(group, name))));
  // A 0 is a process of a namespace that this one does not see.
  const pids = own.split('\n').map(Number);
  return [...pids.filter((pid) => pid > 0), ...below.flat()];
}

async function removeTree(group: string): Promise<void> {
  for (const name of await foldersIn(group)) await removeTree(join(group, name));
  if (existsSync(group)) await rmdir(group);
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
