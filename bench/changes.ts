import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ChangingStack } from '../proving/changes/changingStack';
import type { Benchmark } from './benchmark';
import { before, changes } from './changes/list';
import { cutsPlot } from './changes/plot';
import { reportMarkdown } from './changes/report';
import { readSamples, writeSamples, type Sample } from './changes/results';
import { describeThisMachine } from './machine';
import { publishFile } from './published';

/**
 * `npm run bench -- changes [--clients N] [--rounds N] [--fresh] [CHANGE...]`: brings the lab up, puts clients on,
 * applies each change round by round, and says what it did to them. Adds to what earlier runs with as many clients
 * measured, unless `--fresh`; publishes docs/benchmarks/changes.json, its table and its plot.
 */
export const benchmark: Benchmark = async (args) => {
  const { clients, rounds, chosen, isFresh } = options(args);
  const samples: Sample[] = isFresh ? [] : readSamples().filter((sample) => sample.clients === clients);
  const stack = new ChangingStack();
  stack.configure(before);
  await stack.lab('down');
  await stack.lab('up');
  for (let round = 1; round <= rounds; round += 1)
    for (const change of chosen.filter(({ isOnce }) => isOnce !== true || round === 1)) {
      const { name } = change;
      const { ran, ...cost } = await stack.during(clients, async () => change.apply(stack, round));
      if (ran.code !== 0) throw new Error(`${name}: exit ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
      const sample = {
        change: name,
        at: new Date().toISOString(),
        loadAverage: loadavg()[0] ?? NaN,
        ...cost,
      };
      samples.push(sample);
      writeSamples(samples);
      process.stderr.write(`  ${JSON.stringify(sample)}\n`);
    }
  await stack.lab('down');
  const inOrder = changes.flatMap(({ name }) => samples.filter(({ change }) => change === name));
  const results = {
    machine: {
      ...describeThisMachine(),
      node: process.version,
      broker: "the lab's stand-in for EMQX (ejabberd's MQTT)",
    },
    samples: inOrder,
  };
  await publishFile('changes.json', JSON.stringify(results));
  await publishFile('changes.md', reportMarkdown(results));
  await publishFile('changes.svg', cutsPlot(results));
  process.stdout.write(reportMarkdown(results));
  return 0;
};

function options(args: readonly string[]): {
  readonly clients: number;
  readonly rounds: number;
  readonly isFresh: boolean;
  readonly chosen: typeof changes;
} {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      clients: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '5' },
      fresh: { type: 'boolean', default: false },
    },
  });
  for (const [name, least] of [
    ['clients', 2],
    ['rounds', 1],
  ] as const)
    if (!/^\d+$/.test(values[name]) || Number(values[name]) < least)
      throw new Error(`--${name} takes a whole number from ${least}, and not ${values[name]}`);
  const known = changes.map(({ name }) => name);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `no change ${unknown.join(', ')}; there are ${known.map((name) => `'${name}'`).join(', ')}`,
    );
  return {
    clients: Number(values.clients),
    rounds: Number(values.rounds),
    isFresh: values.fresh,
    chosen: changes.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
  };
}
