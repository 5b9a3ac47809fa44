import { parseArgs } from 'node:util';
import { setupOf } from '../proving/pair/setup';
import { stackTarget } from '../proving/pair/target';
import type { Benchmark } from './benchmark';
import { Campaign, forgetRuns, measure, say } from './failover/campaign';
import { cells, cellsOf, chosenOf } from './failover/cells';
import { outagePlot } from './failover/plot';
import { reportMarkdown } from './failover/report';
import { describeMachine, type Results } from './failover/results';
import { publishFile } from './published';

// Which Node runs the benchmark is for package.json to say, not for a warning between its lines.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** On a stack that somebody may be using, unless --runs says otherwise. */
const stackRuns = 3;

/**
 * How long clients are without service when a balancer fails. Without --stack it takes the lab for itself, whatever ran
 * there, takes it through all setups and ends it; interrupted, it goes on where it was. With --stack it breaks a real
 * stack, with the faults that a login can cause, and prints the figures instead of publishing them.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      only: { type: 'string' },
      stack: { type: 'string' },
      fresh: { type: 'boolean', default: false },
    },
  });
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && (!Number.isInteger(runs) || runs < 1))
    throw new Error(`--runs takes a whole number from 1, and not ${String(values.runs)}`);
  if (values.stack !== undefined) return onStack(values.stack, values.only, runs ?? stackRuns);
  if (values.fresh) forgetRuns();
  const begunAt = Date.now();
  const givenUp = await new Campaign(chosenOf(cells, values.only, runs), publish).run();
  say(`took ${Math.round((Date.now() - begunAt) / 1000)} s`);
  for (const { id } of givenUp) say(`${id}: given up after two failures; see above`);
  return givenUp.length === 0 ? 0 : 1;
};

async function onStack(stack: string, only: string | undefined, count: number): Promise<number> {
  const target = await stackTarget(stack);
  try {
    const known = cellsOf(await setupOf(target));
    const runs = [];
    for (const cell of chosenOf(known, only, count))
      while (runs.filter((run) => run.cell === cell.id).length < cell.runs)
        runs.push(await measure(target, cell, true));
    process.stdout.write(reportMarkdown({ machine: await describeMachine(target), runs }, known));
  } finally {
    await target.close();
  }
  return 0;
}

async function publish(results: Results): Promise<void> {
  await publishFile('failover.json', JSON.stringify(results));
  await publishFile('failover.md', reportMarkdown(results, cells));
  await publishFile('failover.svg', outagePlot(results, cells));
}
