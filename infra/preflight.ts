import * as pulumi from '@pulumi/pulumi';
import type { PlatformPlan } from '../components';
import { type Problem, refuse } from '../components/rendering/problems';
import type { Configuration } from './configuration';
import { checkAddresses } from './freeAddresses';
import { checkGrants } from './grants';
import { checkKmsKey } from './kmsKey';
import { checkImages } from './ownImages';

/** What is asked of AWS before anything is made; each refuses what it finds. */
const checks = [checkGrants, checkImages, checkKmsKey, checkAddresses];

/** Asks AWS for all of it side by side, since each answer takes its time, and refuses what is wrong all at once. */
export async function preflight(plan: PlatformPlan, configuration: Configuration): Promise<void> {
  const found = await Promise.all(checks.map((check) => problemsOf(check(plan, configuration))));
  refuse('AWS account', found.flat());
}

async function problemsOf(check: Promise<void>): Promise<readonly Problem[]> {
  try {
    await check;
    return [];
  } catch (error) {
    if (!pulumi.InputPropertiesError.isInstance(error)) throw error;
    return error.errors.map(({ propertyPath, reason }) => ({ path: propertyPath, reason }));
  }
}
