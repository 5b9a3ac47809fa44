import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pulumiOutput } from '../../lab/commands/pulumi';
import { stackName } from '../../lab/program';
import { product } from '../../proving/product';
import type { Deployment } from './release';
import { stackFileOf, writeState } from './release';
import { withLastingCertificates, withWorthlessSecrets } from './worthless';

/** `npm run record-release -- 1.2.3`, with the release's lab up: keeps its state for the upgrade test. */
async function main([release, ...rest]: readonly string[]): Promise<void> {
  if (release === undefined || rest.length > 0 || !/^\d+\.\d+\.\d+$/.test(release))
    throw new Error('give the release whose lab is up, such as 1.2.3');
  const exported = await pulumiOutput(product(), ['stack', 'export', '--show-secrets', '--stack', stackName]);
  mkdirSync(dirname(stackFileOf(release)), { recursive: true });
  // The engine's own format.
  const state = JSON.parse(exported) as Deployment;
  writeState(release, withLastingCertificates(withWorthlessSecrets(state)));
  copyFileSync(product().stackFile, stackFileOf(release));
  process.stdout.write(`kept the state of ${release} in ${dirname(stackFileOf(release))}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
