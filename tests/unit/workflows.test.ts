import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { repositoryRoot } from '../../proving/product';

const folder = join(repositoryRoot, '.github', 'workflows');
const workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.string()).optional(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});
const texts = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

describe.each(texts)('the workflow $name', ({ text }) => {
  const { permissions, jobs } = workflow.parse(parse(text));

  it('takes actions by the hash of a commit, with its version beside it', () => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('may read the repository and no more, but for jobs that say what', () => {
    expect(permissions).toEqual({ contents: 'read' });
  });

  it('puts nothing that others choose into a shell', () => {
    for (const { steps } of Object.values(jobs))
      for (const { run = '' } of steps) expect(run).not.toMatch(/\$\{\{/);
  });
});

it('CI runs .ci/run and nothing else', () => {
  const ci = workflow.parse(parse(readFileSync(join(folder, 'ci.yml'), 'utf8')));
  const commands = ci.jobs['test']?.steps.flatMap(({ run }) => (run === undefined ? [] : [run])) ?? [];
  expect(commands.filter((command) => !command.startsWith('apt-get'))).toEqual(['bash .ci/run']);
});
