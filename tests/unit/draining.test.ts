import { expect, it } from 'vitest';
import { drainPace } from '../../components/brokers/draining';

it.each([
  [4_000, 3],
  [50_000, 3],
  [1_000_000, 3],
  [100_000, 1],
])('a broker of %i clients on %i has the time to hand its share on at its pace', (clients, brokers) => {
  const { perSecond, seconds } = drainPace([{ maxConnections: clients }], brokers);
  expect(perSecond * seconds).toBeGreaterThanOrEqual(clients / brokers);
  expect(perSecond).toBeGreaterThanOrEqual(100);
  expect(seconds).toBeLessThanOrEqual(135);
});

it('counts the clients of all listeners', () => {
  const one = drainPace([{ maxConnections: 60_000 }], 2);
  expect(drainPace([{ maxConnections: 20_000 }, { maxConnections: 40_000 }], 2)).toEqual(one);
});
