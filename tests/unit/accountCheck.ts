import { planPlatform } from '../../components';
import { Problems } from '../../components/rendering/problems';
import type { Configuration } from '../../infra/configuration';
import type { Check } from '../../infra/preflight';

/** What a check of the account says against a configuration, `nothing` where it has nothing against it. */
export async function refusalBy(check: Check, given: Configuration, what = 'AWS account'): Promise<string> {
  const problems = new Problems();
  try {
    await check(planPlatform('mqtt', given), given, problems);
    problems.throwIfAny(what);
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
