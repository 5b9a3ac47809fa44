import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../../infra/configuration';
import { repositoryRoot } from '../../proving/product';
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
  expect(new Set(losing.map(({ deed }) => deed))).toEqual(
    new Set(['crash', 'freeze', 'cut off', 'keep the other brokers from']),
  );
  for (const { place } of losing) expect(place).toMatch(/^emqx-/);
});

it.each(rollouts)('changes the lab to a configuration that is accepted: $name', ({ before = {}, change }) => {
  const file = readFileSync(join(repositoryRoot, 'Pulumi.lab.yaml'), 'utf8');
  // The file's shape is Pulumi's own.
  const { config } = parse(file) as { readonly config: Readonly<Record<string, object>> };
  const values = new Map(
    Object.entries(config).flatMap(([key, value]) => {
      const [project, name = ''] = key.split(':');
      return project === 'emqx-haproxy' ? [[name, value] as const] : [];
    }),
  );
  for (const each of [before, change(3)])
    for (const [key, more] of Object.entries(each)) values.set(key, { ...values.get(key), ...more });
  const given = Object.fromEntries([...values].map(([key, value]) => [key, JSON.stringify(value)]));
  expect(() => readConfiguration(given)).not.toThrow();
});
