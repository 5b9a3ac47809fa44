import { describe, expect, it } from 'vitest';
import { memoryMib } from '../../components/plan/instanceMemory';
import { checkCapacity, type Capacity } from '../../components/plan/limits';
import { planListeners } from '../../components/plan/listeners';
import { Problems } from '../../components/plan/problems';

describe('the capacity of a balancer', () => {
  const problemsOf = (
    maxConnections: number,
    changes: Partial<Omit<Capacity, 'listeners'>> = {},
    name: 'mqtt' | 'mqtts' = 'mqtts',
  ) => {
    const problems = new Problems();
    const listeners = planListeners({ [name]: { maxConnections } }, problems);
    const usual = { brokerCount: 3, operatingSystem: 'debian-13', instanceType: undefined } as const;
    checkCapacity({ ...usual, ...changes, listeners }, problems);
    return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
  };

  it('says by its sum why TLS clients do not fit into the instance type', () => {
    expect(problemsOf(40_000)).toEqual([
      'haproxy.instanceType: is t3.small with 2048 MiB, but 2206 MiB are needed: (mqtts 40000 x 38 kB) x 1.25 =' +
        ' 1856 MiB, and 350 MiB for the system; give a larger type, or lower listeners.*.maxConnections',
    ]);
  });

  it.each([
    ['a larger type', { instanceType: 't3.medium' }],
    ['Debian 12, whose TLS takes less', { operatingSystem: 'debian-12' }],
    ['a type that is not in the table', { instanceType: 'x2gd.medium' }],
  ] as const)('as many fit on %s', (_, changes) => {
    expect(problemsOf(40_000, changes)).toEqual([]);
  });

  it('as many fit without TLS', () => {
    expect(problemsOf(40_000, {}, 'mqtt')).toEqual([]);
  });

  it('says by its sum why the source ports towards the brokers do not suffice', () => {
    expect(problemsOf(60_000, { instanceType: 'm6i.2xlarge', brokerCount: 2 })).toEqual([
      "listeners.mqtts.maxConnections: is 60000, but a balancer has 64508 source ports towards each broker's port:" +
        ' 64508 x 1 (one of 2 may be away) / 1.25 (two generations of workers) = 51606; lower it, or add brokers',
    ]);
    expect(problemsOf(60_000, { instanceType: 'm6i.2xlarge', brokerCount: 3 })).toEqual([]);
  });

  it.each([
    ['t3.micro', 1_024],
    ['t4g.small', 2_048],
    ['c6i.xlarge', 8_192],
    ['m7g.medium', 4_096],
    ['r5.24xlarge', 786_432],
    ['c5n.large', undefined],
    ['m6i.metal', undefined],
  ])('%s has %s MiB', (type, mib) => {
    expect(memoryMib(type)).toBe(mib);
  });
});
