import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../proving/product';
import { describeThisMachine } from '../machine';
import { publishFile } from '../published';
import { reportMarkdown, type Results } from './report';

const file = join(repositoryRoot, 'docs', 'benchmarks', 'host-programs.json');

/** Writes docs/benchmarks/host-programs.json and .md with a part that was measured; others stay. */
export async function publishPart(part: Results): Promise<void> {
  // Written by this alone.
  const others = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
  const results = { ...others, ...part };
  await publishFile('host-programs.json', JSON.stringify(results));
  await publishFile('host-programs.md', reportMarkdown(results));
}

/** Where something was measured, at its end. */
export function thisMachine(): Readonly<Record<string, string>> {
  return {
    ...describeThisMachine(),
    'load average when it ended': (loadavg()[0] ?? NaN).toFixed(1),
  };
}
