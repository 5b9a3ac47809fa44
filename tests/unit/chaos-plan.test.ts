import { describe, expect, it } from 'vitest';
import { brokersEmptied, deeds, describeStep, stepOf, verbOf } from '../../proving/chaos/plan';

const steps = (seed: number, count: number) =>
  Array.from({ length: count }, (_, number) => stepOf(seed, number, 3));

describe('a plan of chaos', () => {
  it('is the same for the same seed, step by step, and another for another', () => {
    expect(steps(7, 50)).toEqual(steps(7, 50));
    expect(stepOf(7, 31, 3)).toEqual(steps(7, 50)[31]);
    expect(steps(8, 50)).not.toEqual(steps(7, 50));
  });

  it('does everything that can be done, at every place, before long', () => {
    const faults = steps(1, 2_000).flatMap((step) => step.faults);
    expect(new Set(faults.map(({ deed }) => deed)).size).toBe(deeds.length);
    const places = ['active', 'api', 'emqx-1', 'emqx-2', 'emqx-3', 'link', 'standby'];
    expect([...new Set(faults.map(({ place }) => place))].sort()).toEqual(places);
  });

  it('has each verb about as often as the others', () => {
    const verbs = steps(1, 2_000).flatMap(({ faults }) => faults.map(({ deed }) => verbOf(deed)));
    for (const verb of new Set(deeds.map(({ name }) => verbOf(name))))
      expect(verbs.filter((each) => each === verb).length / verbs.length).toBeGreaterThan(0.08);
  });

  it('breaks one or two things at once, never twice the same place, and not for long', () => {
    for (const { faults, holdMs } of steps(3, 500)) {
      expect([1, 2]).toContain(faults.length);
      expect(new Set(faults.map(({ place }) => place)).size).toBe(faults.length);
      expect(holdMs).toBeGreaterThanOrEqual(200);
      expect(holdMs).toBeLessThanOrEqual(4_000);
    }
    expect(steps(3, 500).some(({ faults }) => faults.length === 2)).toBe(true);
  });

  it('excuses lost messages of brokers that are killed, frozen or cut off, and of no others', () => {
    const step = (...faults: ReturnType<typeof stepOf>['faults']) => ({ faults, holdMs: 300 });
    const kill = { deed: 'kill emqx', place: 'emqx-2' } as const;
    const restart = { deed: 'restart emqx', place: 'emqx-1' } as const;
    expect(brokersEmptied(step(kill))).toEqual(['emqx-2']);
    expect(brokersEmptied(step({ deed: 'kill haproxy', place: 'active' }))).toEqual([]);
    expect(brokersEmptied(step(restart))).toEqual([]);
    expect(brokersEmptied(step(restart, { deed: 'kill host', place: 'active' }))).toEqual(['emqx-1']);
  });

  it('is said in a line', () => {
    const faults = [
      { deed: 'kill haproxy', place: 'active' },
      { deed: 'fill disk', place: 'emqx-2' },
    ] as const;
    expect(describeStep({ faults, holdMs: 300 })).toBe(
      'kill haproxy on active and fill disk on emqx-2, for 300 ms',
    );
  });
});
