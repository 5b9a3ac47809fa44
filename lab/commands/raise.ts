import { existsSync, readFileSync } from 'node:fs';
import { startDaemon } from '../api/client';
import { ensureMoto } from '../api/moto';
import { ensureEngine } from '../engine/install';
import { raiseBase } from '../fabric/base';
import { ensureImage } from '../machines/image';
import type { OperatingSystem } from '../model';
import { ensurePackages } from '../packages/repository';
import { step } from '../progress';
import { mend } from './mend';
import { preflight } from './preflight';
import { pulumiOutput, stackFile, stackName, stackRegion } from './pulumi';

/** Makes the lab ready for the engine: what it lacks installed, network and region up, the stack selected. */
export async function raiseLab(): Promise<void> {
  await preflight();
  // The engine is two cores' work for minutes when it has to be built; the images wait for the network most of the
  // time. Everything is cached, so all of it takes no time from the second run on.
  await Promise.all([
    ensureEngine(),
    step('moto, the AWS API behind ours', ensureMoto),
    ensureHosts(operatingSystems(stackFile())),
  ]);
  await mend();
  await raiseBase();
  await step('starting the region', () => startDaemon({ region: stackRegion() }));
  await pulumiOutput(['stack', 'select', '--create', stackName]);
}

/** One after the other: two debootstraps at once are slower than two in turn. */
async function ensureHosts(systems: readonly OperatingSystem[]): Promise<void> {
  for (const system of systems) {
    await ensureImage(system);
    await ensurePackages(system);
  }
}

/** The systems that the stack's configuration names anywhere, and the default of AWS programs here. */
function operatingSystems(file: string): OperatingSystem[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const known = ['debian-12', 'debian-13'] as const;
  const named = known.filter((system) => text.includes(system));
  return named.length === 0 ? ['debian-13'] : named;
}
