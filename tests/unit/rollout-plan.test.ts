import { expect, it } from 'vitest';
import { deeds, describeStep, mayLose, rollouts, stepOf } from '../../proving/rollouts/plan';

const steps = (seed: number, count: number) =>
  Array.from({ length: count }, (_, number) => stepOf(seed, number));

it('is the same for the same seed, step by step, and another for another', () => {
  expect(steps(7, 30).map(describeStep)).toEqual(steps(7, 30).map(describeStep));
  expect(steps(8, 30).map(describeStep)).not.toEqual(steps(7, 30).map(describeStep));
});

it('has every rollout and every deed before long, each while the rollout is under way', () => {
  const many = steps(1, 500);
  expect(new Set(many.map(({ rollout }) => rollout.name)).size).toBe(rollouts.length);
  expect(new Set(many.map(({ deed }) => deed)).size).toBe(deeds.length);
  for (const { rollout, afterMs } of many) expect(afterMs).toBeLessThanOrEqual(rollout.seconds * 1_000);
});

it('lets messages be lost only where a broker is broken', () => {
  const losing = steps(1, 500).filter(mayLose);
  expect(new Set(losing.map(({ deed }) => deed))).toEqual(new Set(['crash', 'freeze', 'cut off']));
  for (const { place } of losing) expect(place).toMatch(/^emqx-/);
});
