import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureMoto } from '../lab/api/moto';
import { preflight } from '../lab/commands/preflight';
import { ensureEngine, ensureSdkGenerator, ensureYamlHost } from '../lab/engine/install';
import { ensureBrokerImage } from '../lab/packages/emqx/image';
import { labHome, paths } from '../lab/paths';
import { step } from '../lab/progress';
import { ensureCheckImage, systems } from '../proving/checkImage';
import { repositoryRoot } from '../proving/product';
import { type Count, countPytest, countVitest, failure } from './reports';

/**
 * Runs every suite but the long ones, cheapest first, and closes with one line that counts all tests. Names as
 * arguments run those suites only, `--all` runs the long ones too; `chaos` and `rollouts` take `--minutes`,
 * `--seed` and `--step`.
 * tests/README.md says what each costs.
 */
interface Suite {
  readonly name: string;
  readonly run: () => Promise<Count>;
  /** Builds or fetches what the suite needs, cached from then on: minutes the first time, which no test should wait. */
  readonly prepare?: () => Promise<unknown>;
  /** Only by name, or with `--all`: `npm test` can do without. */
  readonly long?: true;
  /** It waits more than it works, and shares nothing: those that follow run meanwhile, until one of the lab's. */
  readonly beside?: true;
  /** The lab's figures and limits are of a machine that does little else. */
  readonly alone?: true;
}

/** Debian packages that tests run directly on this machine. */
const ofTheTests = ['haproxy', 'mosquitto', 'mosquitto-clients', 'openssl', 'python3-paho-mqtt'];

const reports = join(labHome, 'reports');
const python = join(paths.venv, 'bin', 'python');

const suites: readonly Suite[] = [
  { name: 'lint', run: lint },
  { name: 'lint-host', run: lintPython },
  { name: 'unit', run: () => vitest('unit') },
  { name: 'host', run: () => pytest('host', 'host', 'proving/recorder') },
  // In a network of its own, since its addresses may be this host's.
  {
    name: 'dataplane',
    run: () => vitest('dataplane', ['unshare', '--net'], heldBack),
    prepare: checkImages,
    beside: true,
  },
  { name: 'templates', run: () => vitest('templates'), prepare: checkImages },
  { name: 'package', run: () => vitest('package'), prepare: ensureLanguages },
  { name: 'site', run: checkSite, prepare: installSite },
  {
    name: 'standin',
    run: () => pytest('standin', 'lab/packages'),
    prepare: async () => {
      for (const version of ['5.8.9', '5.10.4']) await ensureBrokerImage('debian-13', version);
    },
  },
  { name: 'upgrade', run: () => vitest('upgrade'), prepare: ensureEngine },
  { name: 'languages', run: () => vitest('languages'), prepare: ensureLanguages },
  { name: 'lab-parts', run: () => vitest('lab-parts'), prepare: ensureEngine, alone: true },
  { name: 'lab', run: () => vitest('lab'), alone: true },
  { name: 'lab-vip', run: () => vitest('lab-vip'), alone: true },
  { name: 'lab-modes', run: () => vitest('lab-modes'), alone: true },
  // Only by name: what it does the other suites of the lab do too, but for the deployer's rights.
  { name: 'lab-check', run: () => vitest('lab-check'), long: true, alone: true },
  // Only by name: an example's parts are in suites that run always.
  { name: 'examples', run: () => vitest('examples'), prepare: ensureLanguages, long: true, alone: true },
  // Only by name: as long as one likes. `lab` has a few steps of it.
  { name: 'chaos', run: () => vitest('chaos'), long: true, alone: true },
  { name: 'rollouts', run: () => vitest('rollouts'), long: true, alone: true },
  { name: 'lab-changes', run: () => vitest('lab-changes'), long: true, alone: true },
  {
    name: 'site-browser',
    run: async () => {
      const opened = sum(await checkSite(), await check('npm', ['run', '--prefix', 'site', 'browser']));
      return sum(opened, await check('npm', ['run', '--prefix', 'site', 'lighthouse']));
    },
    prepare: async () => {
      await installSite();
      await installSite('site/lighthouse');
      await preflight(['chromium']);
    },
    long: true,
    alone: true,
  },
  // Only by name: that release still changes, and nobody's host runs it.
  {
    name: 'next-debian',
    run: () => vitest('next-debian', ['unshare', '--net']),
    prepare: () => ensureCheckImage('debian-next'),
    long: true,
    alone: true,
  },
];

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals: wanted } = parseArgs({
    args: [...args],
    options: {
      all: { type: 'boolean', default: false },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      step: { type: 'string' },
    },
    allowPositionals: true,
  });
  const { all } = values;
  tellChaos(
    values,
    wanted.some((name) => name === 'chaos' || name === 'rollouts'),
  );
  const chosen = ({ name, long }: Suite) =>
    all || (wanted.length > 0 ? wanted.includes(name) : long === undefined);
  const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0)
    throw new Error(`no suite ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}`);
  mkdirSync(reports, { recursive: true });
  await preflight(ofTheTests);
  await ensureMoto();
  const counts: Promise<Count>[] = [];
  for (const suite of suites.filter(chosen)) {
    await suite.prepare?.();
    if (suite.alone === true) await Promise.all(counts);
    const count = counted(suite);
    counts.push(count);
    if (suite.beside !== true) await count;
  }
  const { passed, failures } = (await Promise.all(counts)).reduce(sum);
  // The last lines are what a log of CI shows first.
  for (const { test, reason } of failures) process.stdout.write(`failed: ${test}\n${indented(reason)}`);
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  process.exitCode = failures.length > 0 || passed === 0 ? 1 : 0;
}

async function counted({ name, run }: Suite): Promise<Count> {
  const begun = Date.now();
  const { passed, failures } = await run();
  const seconds = ((Date.now() - begun) / 1000).toFixed(0);
  process.stdout.write(`\nsuite ${name}: ${passed} passed, ${failures.length} failed in ${seconds} s\n\n`);
  return { passed, failures: failures.map((one) => ({ ...one, test: `${name}: ${one.test}` })) };
}

function indented(text: string): string {
  return text.replace(/^.+$/gm, '  $&') + (text === '' ? '' : '\n');
}

/** Of the suites `chaos` and `rollouts`: which steps, and for how long. */
function tellChaos(
  { seed, minutes, step }: { readonly seed?: string; readonly minutes?: string; readonly step?: string },
  isNamed: boolean,
): void {
  if (!isNamed && (seed ?? minutes ?? step) !== undefined)
    throw new Error('--seed, --minutes and --step are of the suites chaos and rollouts: name one');
  const told = {
    CHAOS_SEED: seed,
    CHAOS_MINUTES: minutes ?? (isNamed ? namedChaosMinutes : undefined),
    CHAOS_STEP: step,
  };
  for (const [name, value] of Object.entries(told)) if (value !== undefined) process.env[name] = value;
}

/** Of a run that asks for it; among all suites it is shorter. */
const namedChaosMinutes = '10';

/** Side by side: ESLint takes as long as all the rest, and one processor. */
async function lint(): Promise<Count> {
  const parts = ['lint:rules', 'lint:rest'].map((script) => check('npm', ['run', '--silent', script]));
  return (await Promise.all(parts)).reduce(sum);
}

async function lintPython(): Promise<Count> {
  const sources = ['host', 'lab/packages', 'proving/recorder', 'bench/dataplane/load', 'bench/hostPrograms'];
  const ruff = await check(python, ['-m', 'ruff', 'check', ...sources]);
  const mypy = await check(python, ['-m', 'mypy', ...sources]);
  return sum(ruff, mypy);
}

/** The site is built of the repository's own pages; links lead somewhere, and words are spelled as the dictionary has them. */
async function checkSite(): Promise<Count> {
  const built = await check('npm', ['run', '--silent', '--prefix', 'site', 'build']);
  const links = await check('npm', ['run', '--silent', '--prefix', 'site', 'links']);
  return sum(sum(built, links), await check('npm', ['run', '--silent', '--prefix', 'site', 'spelling']));
}

async function installSite(folder = 'site'): Promise<void> {
  const install = [
    'ci',
    '--prefix',
    folder,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  await step(`the packages of ${folder}`, () => inherit('npm', install));
}

function sum(one: Count, other: Count): Count {
  return { passed: one.passed + other.passed, failures: [...one.failures, ...other.failures] };
}

/** A command that is one test by itself. */
async function check(program: string, args: readonly string[]): Promise<Count> {
  const code = await inherit(program, args);
  return code === 0
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: [failure([program, ...args].join(' '))] };
}

async function ensureLanguages(): Promise<void> {
  await ensureEngine();
  await ensureYamlHost();
  await ensureSdkGenerator();
}

async function checkImages(): Promise<void> {
  for (const { image } of systems) await step(`the check image of ${image}`, () => ensureCheckImage(image));
}

/** Runs a project and, where it has one, that of its tests with modules of their own. */
async function vitest(project: string, prefix: readonly string[] = [], start = inherit): Promise<Count> {
  const report = join(reports, `${project}.json`);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const argv = [
    ...prefix,
    'npx',
    'vitest',
    'run',
    `--project=${project}`,
    `--project=${project}-alone`,
    ...reporters,
  ];
  const code = await start('env', argv);
  return countVitest(report, code);
}

async function pytest(name: string, ...folders: readonly string[]): Promise<Count> {
  const report = join(reports, `${name}.xml`);
  rmSync(report, { force: true });
  const code = await inherit(python, ['-m', 'pytest', '-q', `--junitxml=${report}`, ...folders]);
  return countPytest(report, code);
}

async function inherit(program: string, args: readonly string[]): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: repositoryRoot, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', failed);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** The same, with what it prints in one piece once it has ended: others print meanwhile. */
async function heldBack(program: string, args: readonly string[]): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void printed.push(chunk));
    child.on('error', failed);
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(printed));
      done(code ?? 1);
    });
  });
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
});
