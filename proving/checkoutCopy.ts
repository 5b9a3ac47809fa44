import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lab/process';
import { repositoryRoot } from './product';

/** Writes what a clone of this checkout would have, changes that are not committed yet included, and nothing installed. */
export async function copyCheckout(folder: string): Promise<void> {
  const listing = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: repositoryRoot,
  });
  const paths = listing.split('\0').filter((path) => path !== '' && existsSync(join(repositoryRoot, path)));
  for (const path of paths) await cp(join(repositoryRoot, path), join(folder, path));
}
