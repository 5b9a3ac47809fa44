import { ChangingStack, type Change } from '../proving/changes/changingStack';
import type { Cost } from '../proving/changes/ring';
import type { Benchmark } from './benchmark';
import { publishFile } from './published';

/** What is changed, one after the other on one stack; each begins where the former ended. */
const changes: Readonly<Record<string, Change>> = {
  nothing: {},
  'haproxy.maxKeepaliveSeconds': { haproxy: { maxKeepaliveSeconds: 600 } },
  'listeners.mqtt.maxConnections': { listeners: { mqtt: { maxConnections: 3000 } } },
  'haproxy.imageGeneration': { haproxy: { imageGeneration: 2 } },
  'emqx.imageGeneration': { emqx: { imageGeneration: 2 } },
  'emqx.instanceType': { emqx: { instanceType: 't3.large' } },
  'emqx.brokers 3 to 4': { emqx: { brokers: 4 } },
  'emqx.brokers 4 to 3': { emqx: { brokers: 3 } },
};

interface Row extends Cost {
  readonly change: string;
  readonly seconds: number;
}

/**
 * `npm run bench -- changes [--clients N] [CHANGE...]`: brings the lab up, puts clients on, applies each change, and
 * says what it did to them. Writes docs/benchmarks/changes.json and prints the table of docs/operations.md.
 */
export const benchmark: Benchmark = async (args) => {
  const { clients, chosen } = options(args);
  const stack = new ChangingStack();
  await stack.lab('down');
  await stack.lab('up');
  const rows: Row[] = [];
  for (const [change, configuration] of chosen) {
    const { ran, ...cost } = await stack.measured(clients, configuration);
    if (ran.code !== 0) throw new Error(`${change}: exit ${ran.code}\n${ran.stdout}\n${ran.stderr}`);
    rows.push({ change, ...cost });
    process.stdout.write(`${line(rows.at(-1) ?? { change, ...cost })}\n`);
  }
  await stack.lab('down');
  if (chosen.length === Object.keys(changes).length)
    await publishFile('changes.json', JSON.stringify({ clients, rows }));
  process.stdout.write(`\n${[...heading, ...rows.map(line)].join('\n')}\n`);
  return 0;
};

function options(args: readonly string[]): {
  readonly clients: number;
  readonly chosen: readonly (readonly [string, Change])[];
} {
  const at = args.indexOf('--clients');
  const clients = at < 0 ? 200 : Number(args[at + 1]);
  if (!Number.isInteger(clients) || clients < 2)
    throw new Error(`--clients takes a whole number from 2, and not ${args[at + 1] ?? 'nothing'}`);
  const names = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const known = Object.keys(changes);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `no change ${unknown.join(', ')}; there are ${known.map((name) => `'${name}'`).join(', ')}`,
    );
  const chosen = Object.entries(changes).filter(([name]) => names.length === 0 || names.includes(name));
  return { clients, chosen };
}

const heading = [
  '| change | clients cut | cuts in all (most of a client) | longest without a connection | acknowledged, then lost | `up` |',
  '| --- | --- | --- | --- | --- | --- |',
];

function line({ change, clients, cut, cuts, mostCuts, longestMs, acknowledged, lost, seconds }: Row): string {
  const longest = cuts === 0 ? '-' : `${longestMs.toLocaleString('en')} ms`;
  const messages = `${lost.toLocaleString('en')} of ${acknowledged.toLocaleString('en')}`;
  return `| ${change} | ${cut} of ${clients} | ${cuts} (${mostCuts}) | ${longest} | ${messages} | ${seconds} s |`;
}
