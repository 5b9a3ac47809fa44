import { afterAll, beforeAll, expect, it } from 'vitest';
import { outputsJson } from '../../lab/commands/outputs';
import { describeStep, stepOf } from '../../proving/chaos/plan';
import { weather } from '../../proving/chaos/storm';
import { Traffic } from '../../proving/chaos/traffic';
import { lab } from '../../proving/lab';
import { labTarget, type Target } from '../../proving/pair/target';
import { product } from '../../proving/product';
import { parseOutputs, type Outputs } from '../../verify/outputs';
import { chaosOptions } from './options';

const { seed, minutes, only } = chaosOptions(process.env);
const pairs = 4;
/** Of the last step, and of what comes before the first. */
const moreMs = 300_000;

let target: Target;
let outputs: Outputs;
let traffic: Traffic;

beforeAll(async () => {
  await lab(['down']);
  await lab(['up']);
  target = await labTarget();
  outputs = parseOutputs(await outputsJson(product()));
  traffic = await Traffic.begin(target, pairs);
});

afterAll(async () => {
  await traffic.end();
  await target.close();
  await lab(['down']);
});

it(
  `of seed ${seed} leaves the lab right after each step`,
  async () => {
    say(`seed ${seed}, ${only === undefined ? `for ${minutes} minutes` : `step ${only} alone`}`);
    const failures: string[] = [];
    const end = Date.now() + minutes * 60_000;
    for (let number = only ?? 0; Date.now() < end; number += 1) {
      const failed = await problemsOf(number);
      failures.push(...failed);
      if (only !== undefined) break;
    }
    expect(failures).toEqual([]);
  },
  minutes * 60_000 + moreMs,
);

/** A line for each thing that a step left wrong, with how to run that step again; throws when it never was right. */
async function problemsOf(number: number): Promise<readonly string[]> {
  const step = stepOf(seed, number, outputs.brokers.length);
  const what = `seed ${seed}, step ${number}: ${describeStep(step)}`;
  const again = `again: npm test -- chaos --seed ${seed} --step ${number}`;
  say(what);
  try {
    const { rightAfterMs, problems } = await weather(step, target, outputs, traffic);
    say(`right after ${rightAfterMs} ms`);
    const lines = problems.map((problem) => `${what}: ${problem}; ${again}`);
    for (const line of lines) say(line);
    return lines;
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}; ${again}`, {
      cause: error,
    });
  }
}

function say(line: string): void {
  process.stderr.write(`  chaos: ${line}\n`);
}
