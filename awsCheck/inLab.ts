import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { daemonRequest } from '../lab/api/client';
import { raiseLab } from '../lab/commands/raise';
import { labEnvironment } from '../lab/engine/environment';
import type { Program } from '../lab/program';
import { repositoryRoot } from '../proving/product';

/**
 * Makes the lab what this process and those that it starts take for AWS, in an account that lets them do what
 * docs/aws/deployer-policy.json allows and no more.
 */
export async function enterLab(program: Program): Promise<void> {
  await raiseLab(program);
  const environment = await labEnvironment(program);
  // A person's own profile or session would go on here.
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
  const policy: unknown = JSON.parse(
    readFileSync(join(repositoryRoot, 'docs', 'aws', 'deployer-policy.json'), 'utf8'),
  );
  await daemonRequest('POST', '/account', { runnerPolicy: policy });
}
