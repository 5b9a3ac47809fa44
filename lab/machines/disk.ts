import { existsSync } from 'node:fs';
import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../process';
import { escapeLayer } from './chroot';
import type { MachineFiles } from './places';

/**
 * Mounts the root of a machine: the image below, and above it what the machine writes, on a disk of the size that was
 * asked for. It stays mounted while the machine is stopped, so a stop loses nothing.
 */
export async function mountRoot(files: MachineFiles, image: string, sizeGib: number): Promise<void> {
  await mkdir(files.disk, { recursive: true });
  await mkdir(files.root, { recursive: true });
  await makeDiskFile(files.diskFile, sizeGib);
  // The host's memory outlives every fault of a guest, so the disk needs no journal and no flush.
  await run('mkfs.ext4', [
    '-q',
    '-F',
    '-O',
    '^has_journal',
    '-E',
    'lazy_itable_init=1,nodiscard',
    files.diskFile,
  ]);
  await run('mount', ['-o', 'loop,noatime,nobarrier', files.diskFile, files.disk]);
  const upper = join(files.disk, 'upper');
  const work = join(files.disk, 'work');
  await mkdir(upper);
  await mkdir(work);
  const layers = [
    `lowerdir=${escapeLayer(image)}`,
    `upperdir=${escapeLayer(upper)}`,
    `workdir=${escapeLayer(work)}`,
  ];
  await run('mount', ['-t', 'overlay', 'overlay', '-o', [...layers, 'volatile'].join(','), files.root]);
}

/** Unmounts everything at or below a folder, the last mounted first, and with it lets go of its loop devices. */
export async function unmountBelow(folder: string): Promise<void> {
  const mounted = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => unescapeMount(line.split(' ')[4] ?? ''))
    .filter((path) => path === folder || path.startsWith(`${folder}/`));
  if (mounted.length > 0) await run('umount', mounted.reverse());
}

/** An empty disk: a file that takes as much space as is written to it. */
export async function makeDiskFile(file: string, sizeGib: number): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.truncate(sizeGib * 1024 ** 3);
  } finally {
    await handle.close();
  }
}

/** A larger disk, of which what uses it is told. */
export async function growDiskFile(file: string, sizeGib: number): Promise<void> {
  await truncate(file, sizeGib * 1024 ** 3);
  for (const device of await loopsOf(file)) await run('losetup', ['--set-capacity', device]);
}

/** The loop device that a file is attached as, attaching it when it is not. */
export async function attachLoop(file: string): Promise<string> {
  const attached = await loopsOf(file);
  return attached[0] ?? (await run('losetup', ['--find', '--show', file])).trim();
}

export async function detachLoop(file: string): Promise<void> {
  for (const device of await loopsOf(file)) await run('losetup', ['--detach', device]);
}

async function loopsOf(file: string): Promise<string[]> {
  if (!existsSync(file)) return [];
  const listed = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', file]);
  return listed.split('\n').filter((device) => device !== '');
}

/** The kernel writes blanks in mounted paths as octal numbers. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
