import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupsBelow, openCgroup, removeParentCgroup, type Cgroup } from './cgroup';
import { detachLoop, unmountBelow } from './disk';
import { isInit, removeContainerTraces } from './nspawn';
import { labPlaces, machineFiles, type MachinePlaces } from './places';
import { signalIfThere } from './signal';
import { isTrueWithin } from './until';

/**
 * Removes every machine and volume that the disk or the cgroups know of, running or not: what a daemon that was
 * killed left too. Needs no daemon; one that runs must not have machines.
 */
export async function removeLeftovers(places: MachinePlaces = labPlaces): Promise<void> {
  const machines = new Set([...(await entries(places.machines)), ...(await cgroupsBelow(places.cgroup))]);
  const removals = await Promise.allSettled([...machines].map((name) => removeMachine(places, name)));
  const reasons = removals.flatMap((removal) =>
    removal.status === 'rejected' ? [String(removal.reason)] : [],
  );
  if (reasons.length > 0) throw new Error(`lab: machines could not be removed:\n${reasons.join('\n')}`);
  await removeParentCgroup(places.cgroup);
  for (const name of await entries(places.volumes)) await removeVolume(join(places.volumes, name));
  await removeEmpty(places.volumes);
  await removeEmpty(places.machines);
}

/** Ends a machine at once and removes its mounts, loop devices, cgroups, locks and files. */
export async function removeMachine(places: MachinePlaces, instanceId: string): Promise<void> {
  const files = machineFiles(places, instanceId);
  const cgroup = await openCgroup(places.cgroup, instanceId);
  await killGuest(cgroup);
  await removeContainerTraces(instanceId, files.root);
  await unmountBelow(files.folder);
  await detachLoop(files.diskFile);
  await cgroup.remove();
  await rm(files.folder, { recursive: true, force: true });
}

/** A volume goes with its loop device. */
export async function removeVolume(file: string): Promise<void> {
  await detachLoop(file);
  await rm(file, { force: true });
}

/** With the guest's init all of the guest dies, and nspawn ends by itself and removes what it made; else it is killed. */
export async function killGuest(cgroup: Cgroup): Promise<void> {
  for (const pid of await cgroup.processes()) {
    if (await isInit(pid)) signalIfThere(pid, 'SIGKILL');
  }
  await cgroup.thaw();
  if (!(await isTrueWithin(1_000, async () => (await cgroup.processes()).length === 0))) await cgroup.kill();
}

async function entries(folder: string): Promise<string[]> {
  return existsSync(folder) ? readdir(folder) : [];
}

async function removeEmpty(folder: string): Promise<void> {
  if (existsSync(folder)) await rmdir(folder);
}
