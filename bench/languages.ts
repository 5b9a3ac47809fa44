import { mkdtempSync, rmSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureEngine, ensureSdkGenerator, ensureYamlHost } from '../lab/engine/install';
import { run } from '../lab/process';
import { copyCheckout } from '../proving/checkoutCopy';
import { repositoryRoot } from '../proving/product';
import { Stacks } from '../proving/region/stacks';
import type { Benchmark } from './benchmark';
import { reportMarkdown, type Language, type Measured } from './languages/report';
import { addingOf, previewingOf, readSpans } from './languages/spans';
import { describeThisMachine } from './machine';
import { publishFile } from './published';

const languages: readonly Language[] = ['yaml', 'python'];

/**
 * `npm run bench -- languages [--runs N]`: how long it takes from a checkout in which nothing is installed and an empty project
 * to the first preview of the minimal example, by `pulumi package add ../provider`, and how much of it is ours. Needs
 * no lab: the engine previews before a region on loopback. Writes docs/benchmarks/languages.json and .md.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string', default: '3' } } });
  if (!/^[1-9]\d*$/.test(values.runs))
    throw new Error(`--runs takes a whole number from 1, and not ${values.runs}`);
  await Promise.all([ensureEngine(), ensureYamlHost(), ensureSdkGenerator()]);
  const measured: Measured[] = [];
  const stacks = await Stacks.open();
  try {
    for (let number = 1; number <= Number(values.runs); number += 1)
      for (const language of languages) {
        const one = await oneRun(stacks, language, `${language}-${number}`);
        process.stderr.write(`languages, run ${number}: ${JSON.stringify(one)}\n`);
        measured.push(one);
      }
  } finally {
    await stacks.close();
  }
  const python = (await run('python3', ['--version'])).trim().replace('Python ', '');
  const machine = { ...describeThisMachine(), Node: process.version, Python: python };
  await publishFile('languages.json', JSON.stringify({ machine, runs: measured }));
  await publishFile('languages.md', reportMarkdown(machine, measured));
  return 0;
};

/** A project that was never there, and a checkout without an installed package. */
async function oneRun(stacks: Stacks, language: Language, stack: string): Promise<Measured> {
  const checkout = mkdtempSync(join(tmpdir(), 'checkout-'));
  try {
    await copyCheckout(checkout);
    const project = await freshProject(stacks.folder, language, stack);
    const traces = join(stacks.folder, `traces-${stack}`);
    const timed = async (trace: string, ...command: string[]) => {
      const begun = performance.now();
      await stacks.pulumi(project, ...command, '--otel-traces', `file://${traces}-${trace}.json`);
      return (performance.now() - begun) / 1_000;
    };
    const loadAverage = loadavg()[0] ?? NaN;
    const provider = relative(project, join(checkout, 'provider'));
    const added = await timed('add', 'package', 'add', provider);
    await stacks.pulumi(project, 'stack', 'init', stack);
    const previewed = await timed('preview', 'preview', '--stack', stack);
    return {
      language,
      loadAverage,
      adding: addingOf(readSpans(`${traces}-add.json`), added),
      previewing: previewingOf(readSpans(`${traces}-preview.json`), previewed),
    };
  } finally {
    rmSync(checkout, { recursive: true });
  }
}

/** The minimal example as a user's own project, which knows nothing of the provider yet. */
async function freshProject(folder: string, language: Language, stack: string): Promise<string> {
  const example = join(repositoryRoot, 'examples', 'minimal', language);
  const project = join(folder, stack);
  await cp(example, project, {
    recursive: true,
    filter: (path) => !/\/(sdks|venv)$/.test(path),
  });
  const file = join(project, 'Pulumi.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^packages:\n(?: .*\n)+/m, ''));
  await cp(join(project, 'Pulumi.lab.yaml'), join(project, `Pulumi.${stack}.yaml`));
  return project;
}
