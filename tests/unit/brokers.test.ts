import { describe, expect, it } from 'vitest';
import { planBrokers } from '../../components/brokers/plan';
import { Problems } from '../../components/rendering/problems';

describe('brokers', () => {
  const plan = (brokers: Parameters<typeof planBrokers>[0]) => {
    const problems = new Problems();
    const planned = planBrokers(brokers, ['10.0.1.0/24', '10.0.2.0/24'], 'emqx.brokers', problems);
    return { planned, problems: problems.all.map(({ path, reason }) => `${path}: ${reason}`) };
  };

  it('keep their addresses when one is removed', () => {
    const three = plan({ 'emqx-1': {}, 'emqx-2': {}, 'emqx-3': {} }).planned;
    const two = plan({ 'emqx-1': {}, 'emqx-3': {} }).planned;
    expect(two).toEqual(three.filter(({ name }) => name !== 'emqx-2'));
  });

  it('are spread over the subnets and named by their address', () => {
    expect(plan(3).planned.map(({ name, nodeName, subnetIndex }) => [name, nodeName, subnetIndex])).toEqual([
      ['emqx-1', 'emqx@10.0.1.36', 0],
      ['emqx-2', 'emqx@10.0.2.37', 1],
      ['emqx-3', 'emqx@10.0.1.38', 0],
    ]);
  });

  it.each([
    [0, ['emqx.brokers: is 0; a whole number from 1 to 28 brokers is allowed']],
    [29, ['emqx.brokers: is 29; a whole number from 1 to 28 brokers is allowed']],
    [{}, ['emqx.brokers: names no broker; at least 1 is needed (3 is usual)']],
    [
      { 'emqx-1\nevil': {} },
      [
        'emqx.brokers.emqx-1\nevil: the name "emqx-1\\nevil" is not a host name: a letter, then letters, digits and hyphens, at most 40, all lower case',
        'emqx.brokers.emqx-1\nevil: the name ends in no number; give `ordinal` (1 to 28), or a name such as emqx-4',
      ],
    ],
    [
      { 'emqx-1': { weight: 0 }, 'emqx-2': { weight: 0 } },
      [
        'emqx.brokers: every broker has weight 0, so no client could be served; give at least one a weight of 1 to 256',
      ],
    ],
    [
      { 'emqx-1': { weight: 0 }, 'emqx-2': { drain: true } },
      [
        'emqx.brokers: every broker drains or has weight 0, so no client could be served; let at least one take clients',
      ],
    ],
    [
      { 'a-1': {}, 'b-1': {} },
      [
        'emqx.brokers.b-1.ordinal: is 1, which a-1 has already; each broker needs its own',
        'emqx.brokers.b-1.address: is 10.0.1.36, which a-1 has already; each broker needs its own',
      ],
    ],
    [
      { 'emqx-1': { address: '10.9.0.1' } },
      [
        'emqx.brokers.emqx-1.address: "10.9.0.1" lies in none of the brokers\' subnets; give an address within one of them, or none',
      ],
    ],
  ])('%j is refused', (brokers, expected) => {
    expect(plan(brokers).problems).toEqual(expected);
  });
});
