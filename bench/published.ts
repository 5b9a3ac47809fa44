import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { repositoryRoot } from '../proving/product';

const folder = join(repositoryRoot, 'docs', 'benchmarks');

/** Writes a file of docs/benchmarks, formatted as the rest of the repository is; plots as they are. */
export async function publishFile(name: string, text: string): Promise<void> {
  const filepath = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const isPlot = name.endsWith('.svg');
  writeFileSync(
    filepath,
    isPlot ? text : await format(text, { ...(await resolveConfig(filepath)), filepath }),
  );
}
