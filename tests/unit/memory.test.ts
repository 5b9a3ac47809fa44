import { describe, expect, it } from 'vitest';
import { memoryMib } from '../../components/host/instanceMemory';
import { checkBalancerMemory } from '../../components/balancers/limits';
import { checkBrokerMemory } from '../../components/brokers/limits';
import { planListeners } from '../../components/listeners/plan';
import { Problems } from '../../components/rendering/problems';
import type { OperatingSystem } from '../../components/host/operatingSystems';

describe('the memory of a balancer', () => {
  const problemsOf = (
    maxConnections: number,
    changes: { operatingSystem?: OperatingSystem; instanceType?: string } = {},
    name: 'mqtt' | 'mqtts' = 'mqtts',
  ) => {
    const problems = new Problems();
    const listeners = planListeners({ [name]: { maxConnections } }, problems);
    const usual = { operatingSystem: 'debian-13', instanceType: undefined } as const;
    checkBalancerMemory({ ...usual, ...changes, listeners }, problems);
    return texts(problems);
  };

  it('too small for TLS clients is refused by its sum', () => {
    expect(problemsOf(40_000)).toEqual([
      'haproxy.instanceType: is t3.small with 2048 MiB, but 2206 MiB are needed: (mqtts 40000 x 38 kB) x 1.25 =' +
        ' 1856 MiB, and 350 MiB for the system; give a larger type, or lower listeners.*.maxConnections',
    ]);
  });

  it('too small for a stick table is refused by its sum', () => {
    const problems = new Problems();
    const balancing = { method: 'clientIdTable', entries: 5_000_000 } as const;
    const listeners = planListeners({ mqtt: { balancing } }, problems);
    checkBalancerMemory({ listeners, operatingSystem: 'debian-13', instanceType: 't3.small' }, problems);
    expect(texts(problems)).toEqual([
      expect.stringContaining('(mqtt 10000 x 14 kB + 5000000 ids x 339 B) x 1.25 = 2192 MiB'),
    ]);
  });

  it('counts the logins that a listener remembers', () => {
    const problems = new Problems();
    const listeners = planListeners({ mqtt: { maxConnections: 100_000, failedLogins: {} } }, problems);
    checkBalancerMemory({ listeners, operatingSystem: 'debian-13', instanceType: 't3.small' }, problems);
    expect(texts(problems)).toEqual([
      expect.stringContaining('(mqtt 100000 x 14 kB + 300000 logins x 210 B) x 1.25 = 1785 MiB'),
    ]);
  });

  it.each([
    ['a larger type', { instanceType: 't3.medium' }],
    ['Debian 12, whose TLS takes less', { operatingSystem: 'debian-12' }],
    ['a type that is not in the table', { instanceType: 'x2gd.medium' }],
  ] as const)('suffices on %s', (_, changes) => {
    expect(problemsOf(40_000, changes)).toEqual([]);
  });

  it('suffices without TLS', () => {
    expect(problemsOf(40_000, {}, 'mqtt')).toEqual([]);
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

describe('the memory of a broker', () => {
  const problemsOf = (brokerCount: number, instanceType?: string) => {
    const problems = new Problems();
    const listeners = planListeners({ mqtt: { maxConnections: 90_000 }, mqtts: {} }, problems);
    checkBrokerMemory({ listeners, brokerCount, instanceType }, problems);
    return texts(problems);
  };

  it('too small for the clients of one that is away is refused by its sum', () => {
    expect(problemsOf(2)).toEqual([
      'emqx.instanceType: is t3.medium with 4096 MiB, but 6194 MiB are needed: 100000 clients x 45 kB x 1.25 / 1' +
        ' (2 brokers, of which one may be away) = 5494 MiB, and 700 MiB for the system; give a larger type, or lower' +
        ' listeners.*.maxConnections',
    ]);
  });

  it('suffices with another broker, or a larger type', () => {
    expect(problemsOf(3)).toEqual([]);
    expect(problemsOf(2, 't3.large')).toEqual([]);
  });
});

function texts(problems: Problems): readonly string[] {
  return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
}
