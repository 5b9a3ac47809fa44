import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from '../process';
import { attachLoop, detachLoop, growDiskFile, makeDiskFile } from './disk';

/** A data volume as a guest has it. */
export interface VolumeDevice {
  /** The host's loop device. */
  readonly device: string;
  /** Where udev would link it on EC2. */
  readonly guestPath: string;
}

export function volumeFile(folder: string, volumeId: string): string {
  return join(folder, `${volumeId}.img`);
}

/** The name that udev gives an EBS volume's NVMe device: its serial number is the id without the dash. */
export function guestPathOf(volumeId: string): string {
  return `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;
}

export async function createVolume(folder: string, volumeId: string, sizeGib: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await makeDiskFile(volumeFile(folder, volumeId), sizeGib);
}

/** The guest's kernel sees the new size at once; the file system in it is the guest's business. */
export async function growVolume(folder: string, volumeId: string, sizeGib: number): Promise<void> {
  await growDiskFile(volumeFile(folder, volumeId), sizeGib);
}

/** Makes a volume a device of the host; the guest sees it at its next boot, or when it is plugged in. */
export async function openVolume(folder: string, volumeId: string): Promise<VolumeDevice> {
  const file = volumeFile(folder, volumeId);
  if (!existsSync(file))
    throw new Error(`lab: there is no volume ${volumeId}; create it before it is attached`);
  return { device: await attachLoop(file), guestPath: guestPathOf(volumeId) };
}

export async function closeVolume(folder: string, volumeId: string): Promise<void> {
  await detachLoop(volumeFile(folder, volumeId));
}

/** Makes the device appear in a running guest, which has no udev to do it. */
export async function plugIn(initPid: number, volume: VolumeDevice): Promise<void> {
  const script = 'mkdir -p "${1%/*}" && mknod -m 0660 "$1" b "$2" "$3"';
  const [major, minor] = await numbersOf(volume.device);
  await inGuest(initPid, 'sh', '-c', script, 'sh', volume.guestPath, major, minor);
}

/** Takes the device out of a running guest; refused while it is mounted there, as EC2 waits for ever. */
export async function unplug(initPid: number, volume: VolumeDevice): Promise<void> {
  const number = (await numbersOf(volume.device)).join(':');
  const mounts = (await readFile(`/proc/${initPid}/mountinfo`, 'utf8')).split('\n');
  const mounted = mounts.map((line) => line.split(' ')).find((fields) => fields[2] === number);
  if (mounted !== undefined) {
    throw new Error(
      `lab: ${volume.guestPath} is mounted on ${String(mounted[4])}; unmount it or stop the instance first`,
    );
  }
  // A device that was there at boot is bound in, one that came later is a node.
  const script = 'if mountpoint -q "$1"; then umount "$1"; fi; rm "$1"';
  await inGuest(initPid, 'sh', '-ec', script, 'sh', volume.guestPath);
}

/** Major and minor number of a device. */
async function numbersOf(device: string): Promise<[string, string]> {
  const numbers = await readFile(join('/sys/block', basename(device), 'dev'), 'utf8');
  const [major = '', minor = ''] = numbers.trim().split(':');
  return [major, minor];
}

function inGuest(initPid: number, ...argv: string[]): Promise<string> {
  // With its process ids too, or umount finds no /proc/self of its own.
  return run('nsenter', [`--target=${initPid}`, '--mount', '--pid', ...argv]);
}
