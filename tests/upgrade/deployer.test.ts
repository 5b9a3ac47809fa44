import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sdkClients } from '../../lab/providers/aws/clients';
import { repositoryRoot } from '../../proving/product';
import { ApiLab, regionName } from '../../proving/region/apiLab';
import { readState, recordedReleases, stackFileOf } from './release';
import { restoreRegion } from './restoredRegion';
import { RestoredStack } from './restoredStack';

const policy = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs', 'aws', 'deployer-policy.json'), 'utf8'),
) as Record<string, unknown>;

/** Each call is judged by docs/aws/deployer-policy.json, as if nothing else were allowed. */
describe.each(recordedReleases())("the deployer's policy, for a stack of %s", (release) => {
  let lab: ApiLab;
  let stack: RestoredStack;

  beforeAll(async () => {
    lab = await ApiLab.open();
    lab.region.account = { ...lab.region.account, runnerPolicy: policy };
  });
  afterAll(async () => {
    stack.close();
    await lab.close();
  });

  it('is enough to make all of it, and to look at it', async () => {
    const clients = sdkClients(regionName, lab.runnerAccess);
    const state = await restoreRegion(readState(release), regionName, clients);
    stack = await RestoredStack.open(lab, state, stackFileOf(release));
    expect((await stack.preview()).length).toBeGreaterThan(100);
  });

  // A refresh brings attachments and associations into the state, which end with what they are of.
  it('is enough to destroy it, after a refresh too', async () => {
    await stack.refresh();
    expect(await stack.destroy()).toMatch(/- \d+ deleted/);
  });
});
