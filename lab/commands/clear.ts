import { rm } from 'node:fs/promises';
import { stopDaemon } from '../api/client';
import { lowerBase } from '../fabric/base';
import { removeLeftovers } from '../machines/removal';
import { stateFolder } from '../paths';

/** Removes everything that a running or half-made lab is, down to its state. Caches and logs stay. */
export async function clear(): Promise<void> {
  await stopDaemon();
  await removeLeftovers();
  await lowerBase();
  await rm(stateFolder, { recursive: true, force: true });
}
