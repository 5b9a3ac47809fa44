import type { PlatformPlan } from '../components';
import { type Problem, Problems, refuse } from '../components/rendering/problems';
import type { Configuration } from './configuration';
import { checkAddresses } from './freeAddresses';
import { checkGrants } from './grants';
import { checkKmsKey } from './kmsKey';
import { checkImages } from './ownImages';
import { checkVpcQuotas } from './vpcQuotas';

/** Asks AWS for something before anything is made; what it finds wrong goes to `problems`. */
export type Check = (plan: PlatformPlan, configuration: Configuration, problems: Problems) => Promise<void>;

const checks: readonly Check[] = [checkGrants, checkVpcQuotas, checkImages, checkKmsKey, checkAddresses];

/** Asks AWS for all of it side by side, since each answer takes its time, and refuses what is wrong all at once. */
export async function preflight(plan: PlatformPlan, configuration: Configuration): Promise<void> {
  const found = await Promise.all(checks.map(async (check) => problemsOf(check, plan, configuration)));
  refuse('AWS account', found.flat());
}

async function problemsOf(
  check: Check,
  plan: PlatformPlan,
  configuration: Configuration,
): Promise<readonly Problem[]> {
  const problems = new Problems();
  await check(plan, configuration, problems);
  return problems.all;
}
