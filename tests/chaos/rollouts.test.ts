import { expect, it } from 'vitest';
import { interrupted, say } from '../../proving/rollouts/interrupted';
import { describeStep, stepOf } from '../../proving/rollouts/plan';
import { runningStack } from '../lab/changes/hosts';
import { chaosOptions } from './options';

const { seed, minutes, only } = chaosOptions(process.env);
/** Of the last step, which may wait for hosts that do not answer. */
const moreMs = 1_200_000;

const stack = runningStack();

it(
  `rollouts of seed ${seed} are finished by the next up, whatever came in between`,
  async () => {
    say(`seed ${seed}, ${only === undefined ? `for ${minutes} minutes` : `step ${only} alone`}`);
    const failures: string[] = [];
    const end = Date.now() + minutes * 60_000;
    for (let number = only ?? 0; Date.now() < end; number += 1) {
      const step = stepOf(seed, number);
      say(`seed ${seed}, step ${number}: ${describeStep(step)}`);
      const lines = await interrupted(stack, step, number);
      for (const line of lines) say(line);
      failures.push(
        ...lines.map((line) => `${line}; again: npm test -- rollouts --seed ${seed} --step ${number}`),
      );
      if (only !== undefined) break;
    }
    expect(failures).toEqual([]);
  },
  minutes * 60_000 + moreMs,
);
