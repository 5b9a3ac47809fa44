import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { outputIn } from '../lab/commands/machines';
import { ChangingStack } from '../proving/changes/changingStack';
import type { Benchmark } from './benchmark';
import { spreadOf } from './dataplane/statistics';
import { describeThisMachine } from './machine';
import { publishFile } from './published';

/** Each run's `up`s, in seconds. */
interface Run {
  /** Nothing to change: what the engine, the program and its providers take by themselves. */
  readonly unchanged: number;
  /** A setting that EMQX takes while it runs, until all brokers have it. */
  readonly changed: number;
}

/**
 * `npm run bench -- settings [--runs N]`: how much longer an `up` takes that brings a setting to all brokers than one
 * that changes nothing, in the lab that it brings up. Exit code 1 when a broker has not got a setting. Writes
 * docs/benchmarks/settings.json and prints it as a table.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string', default: '5' } } });
  if (!/^[1-9]\d*$/.test(values.runs))
    throw new Error(`--runs takes a whole number from 1, and not ${values.runs}`);
  const stack = new ChangingStack();
  await stack.lab('up');
  const { brokers, emqxVersion } = await brokersOf(stack);
  const runs: Run[] = [];
  for (let number = 1; number <= Number(values.runs); number += 1) {
    const unchanged = await secondsOf(stack);
    stack.configure({ emqx: { settings: { mqtt: { max_packet_size: `${number + 1}MB` } } } });
    const changed = await secondsOf(stack);
    const without = await brokersWithout(brokers, (number + 1) * 1024 * 1024);
    if (without.length > 0) {
      process.stderr.write(`bench: ${without.join(', ')} did not get max_packet_size ${number + 1}MB\n`);
      return 1;
    }
    runs.push({ unchanged, changed });
    process.stderr.write(`  run ${number}: ${unchanged.toFixed(1)} s, ${changed.toFixed(1)} s\n`);
  }
  const machine = {
    ...describeThisMachine(),
    node: process.version,
    emqx: emqxVersion,
    loadAverage: loadavg()[0] ?? NaN,
  };
  await publishFile('settings.json', JSON.stringify({ machine, brokers: brokers.length, runs }));
  const row = (what: string, seconds: readonly number[]) => {
    const { median, least, most } = spreadOf(seconds) ?? { median: NaN, least: NaN, most: NaN };
    return `| ${what} | ${median.toFixed(1)} s | ${least.toFixed(1)} to ${most.toFixed(1)} s |`;
  };
  const rows = [
    row(
      '`up` without a change',
      runs.map(({ unchanged }) => unchanged),
    ),
    row(
      `\`up\` with a setting, until ${brokers.length} brokers have it`,
      runs.map(({ changed }) => changed),
    ),
    row(
      'the difference',
      runs.map(({ changed, unchanged }) => changed - unchanged),
    ),
  ];
  process.stdout.write(`| what | median | least to most |\n| --- | --- | --- |\n${rows.join('\n')}\n`);
  return 0;
};

async function secondsOf(stack: ChangingStack): Promise<number> {
  const begun = performance.now();
  await stack.lab('up');
  return (performance.now() - begun) / 1_000;
}

async function brokersOf(stack: ChangingStack): Promise<{ brokers: string[]; emqxVersion: string }> {
  const brokers = (await stack.outputs()).brokers.map(({ name }) => name);
  const [first = ''] = brokers;
  const query = ['dpkg-query', '--show', '--showformat=${Package} ${Version}', 'emqx'];
  return { brokers, emqxVersion: (await outputIn(first, query)).trim() };
}

/** Asked of EMQX itself on each broker, and not of its files. */
async function brokersWithout(brokers: readonly string[], bytes: number): Promise<readonly string[]> {
  const told = await Promise.all(brokers.map((broker) => outputIn(broker, ['python3', '-c', asking])));
  return brokers.filter((_, index) => Number(told[index]) !== bytes);
}

const asking = `
import sys
sys.path.insert(0, "/usr/local/lib/emqx-haproxy")
from broker import hocon
from broker.drift import _plain
from broker.emqx_api import answer
print(int(_plain(hocon.parse(answer("GET", "configs?key=mqtt"))["mqtt"]["max_packet_size"])))
`;
