import { startDaemon } from '../api/client';
import { ensureMoto } from '../api/moto';
import { ensureEngine } from '../engine/install';
import { raiseBase } from '../fabric/base';
import { ensureImage } from '../machines/image';
import { ensurePackages } from '../packages/repository';
import { stackName, type Program } from '../program';
import { step } from '../progress';
import { mend, regionAnswers } from './mend';
import { occupy, refuseOthers } from './occupant';
import { preflight } from './preflight';
import { pulumiOutput } from './pulumi';

/** Makes the lab ready for the engine: what it lacks installed, network and region up, the stack selected. */
export async function raiseLab(program: Program): Promise<void> {
  // A region that is gone took what it held with it, whosever it was.
  if (await regionAnswers()) refuseOthers(program);
  await preflight();
  // The engine is two cores' work for minutes when it has to be built; the images wait for the network most of the
  // time. Everything is cached, so all of it takes no time from the second run on.
  await Promise.all([
    ensureEngine(),
    step('moto, the AWS API behind ours', ensureMoto),
    ensureHosts(program),
  ]);
  await mend(program);
  await occupy(program);
  await raiseBase();
  const region = { name: program.region, packages: program.packages.folder };
  await step('starting the region', () => startDaemon(region));
  await pulumiOutput(program, ['stack', 'select', '--create', stackName]);
}

/** One after the other: two debootstraps at once are slower than two in turn. */
async function ensureHosts({ operatingSystems, packages }: Program): Promise<void> {
  for (const system of operatingSystems) {
    await ensureImage(system);
    await ensurePackages(system, packages);
  }
}
