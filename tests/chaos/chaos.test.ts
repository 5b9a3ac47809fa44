import { afterAll, beforeAll, expect, it } from 'vitest';
import { Chaos, say } from '../../proving/chaos/chaos';
import { lab } from '../../proving/lab';
import { chaosOptions } from './options';

const { seed, minutes, only } = chaosOptions(process.env);
/** Of the last step, and of what comes before the first. */
const moreMs = 300_000;

let chaos: Chaos;

beforeAll(async () => {
  await lab(['down']);
  await lab(['up']);
  chaos = await Chaos.begin();
});

afterAll(async () => {
  await chaos.end();
  await lab(['down']);
});

it(
  `of seed ${seed} leaves the lab right after each step`,
  async () => {
    say(`seed ${seed}, ${only === undefined ? `for ${minutes} minutes` : `step ${only} alone`}`);
    const failures: string[] = [];
    const end = Date.now() + minutes * 60_000;
    for (let number = only ?? 0; Date.now() < end; number += 1) {
      failures.push(...(await chaos.step(seed, number)));
      if (only !== undefined) break;
    }
    expect(failures).toEqual([]);
  },
  minutes * 60_000 + moreMs,
);
