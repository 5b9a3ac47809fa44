import { expect, it } from 'vitest';
import { drainPace } from '../../components/brokers/draining';

it.each([
  [4_000, 3],
  [50_000, 3],
  [1_000_000, 3],
  [100_000, 1],
  [100_000, 2],
  [1_000_000, 28],
])(
  'each of %i clients on %i brokers is moved in time, whichever order they restart in',
  (clients, brokers) => {
    const { perSecond, seconds } = drainPace([{ maxConnections: clients }], brokers);
    expect(perSecond * seconds).toBeGreaterThanOrEqual(mostInARow(clients, brokers));
    expect(perSecond).toBeGreaterThanOrEqual(100);
    expect(seconds).toBeLessThanOrEqual(135);
  },
);

/** The most that a broker has at its turn when each hands its clients on to all others alike. */
function mostInARow(clients: number, brokers: number): number {
  const on = Array.from({ length: brokers }, () => clients / brokers);
  return Math.max(
    ...on.map((_, turn) => {
      const had = on[turn] ?? 0;
      for (const [other, has] of on.entries()) if (other !== turn) on[other] = has + had / (brokers - 1);
      on[turn] = brokers === 1 ? had : 0;
      return had;
    }),
  );
}

it('counts the clients of all listeners', () => {
  const one = drainPace([{ maxConnections: 60_000 }], 2);
  expect(drainPace([{ maxConnections: 20_000 }, { maxConnections: 40_000 }], 2)).toEqual(one);
});
