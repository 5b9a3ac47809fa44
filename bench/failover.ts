import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { repositoryRoot } from '../lab/paths';
import type { Benchmark } from './cli';
import { installBaseline } from './failover/baseline';
import { cells, type Cell, type Setup } from './failover/cells';
import { faults } from './failover/faults';
import { benchFolder, lower, raise } from './failover/labStack';
import { outagePlot } from './failover/plot';
import { reportMarkdown } from './failover/report';
import { describeMachine, readRuns, writeRuns } from './failover/results';
import { runOnce } from './failover/run';
import { labTarget, stackTarget, type Target } from './failover/target';

// Which Node runs the benchmark is for package.json to say, not for a warning between its lines.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const runsFile = join(benchFolder, 'failover-runs.json');
const publishedFolder = join(repositoryRoot, 'docs', 'benchmarks');

/**
 * How long clients are without service when a balancer fails. Without --stack it brings up a lab of its own, takes it
 * through all setups and ends it; interrupted, it goes on where it was. With --stack it breaks a real stack, with the
 * faults that a login can cause, and prints the figures instead of publishing them.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      only: { type: 'string' },
      stack: { type: 'string' },
      fresh: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1, and not ${values.runs}`);
  const chosen = choose(values.only);
  if (values.stack !== undefined) return onStack(values.stack, chosen, runs);
  if (values.fresh) rmSync(runsFile, { force: true });
  await onLab(chosen, runs);
  return 0;
};

function choose(only: string | undefined): readonly Cell[] {
  if (only === undefined) return cells;
  const wanted = only.split(',');
  const unknown = wanted.filter((id) => !cells.some((cell) => cell.id === id));
  if (unknown.length === 0) return cells.filter(({ id }) => wanted.includes(id));
  throw new Error(
    `--only names ${unknown.join(', ')}; there are:\n  ${cells.map(({ id }) => id).join('\n  ')}`,
  );
}

/** A setup at a time, as far as runs are missing. */
async function onLab(chosen: readonly Cell[], wanted: number): Promise<void> {
  const missing = (cell: Cell) => wanted - readRuns(runsFile).filter((run) => run.cell === cell.id).length;
  const setups = [...new Set(chosen.filter((cell) => missing(cell) > 0).map(({ setup }) => setup))];
  for (const setup of setups) {
    say(`setup: ${describe(setup)}`);
    await raise(setup);
    const target = await labTarget();
    try {
      if (setup.baseline) await installBaseline(target);
      for (const cell of chosen.filter((each) => each.setup === setup))
        while (missing(cell) > 0) {
          const done = readRuns(runsFile);
          writeRuns(runsFile, [...done, await measure(target, cell)]);
        }
      await publish(await describeMachine(target));
    } finally {
      await target.close();
    }
  }
  await lower();
}

async function onStack(stack: string, chosen: readonly Cell[], runs: number): Promise<number> {
  const target = await stackTarget(stack);
  const [first] = cells;
  const fitting = chosen.filter(
    (cell) =>
      !faults[cell.fault].labOnly && cell.apiDelayMs + cell.lingerMs === 0 && cell.setup === first?.setup,
  );
  try {
    const results = [];
    for (const cell of fitting)
      for (let count = 0; count < runs; count += 1) results.push(await measure(target, cell));
    process.stdout.write(reportMarkdown({ machine: await describeMachine(target), runs: results }, cells));
  } finally {
    await target.close();
  }
  return 0;
}

async function measure(target: Target, cell: Cell) {
  const run = await runOnce(target, cell);
  say(`${cell.id}: ${run.outageMs.toFixed(0)} ms, right again after ${run.settledMs.toFixed(0)} ms`);
  return run;
}

async function publish(machine: Readonly<Record<string, string>>): Promise<void> {
  const results = { machine, runs: readRuns(runsFile) };
  mkdirSync(publishedFolder, { recursive: true });
  await write('failover.json', JSON.stringify(results));
  await write('failover.md', reportMarkdown(results, cells));
  writeFileSync(join(publishedFolder, 'failover.svg'), outagePlot(results, cells));
}

/** As the rest of the repository is formatted. */
async function write(name: string, text: string): Promise<void> {
  const filepath = join(publishedFolder, name);
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

function describe({ advertIntervalMs, graceMs, baseline }: Setup): string {
  return baseline ? 'the public examples' : `adverts every ${advertIntervalMs} ms, grace ${graceMs} ms`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
