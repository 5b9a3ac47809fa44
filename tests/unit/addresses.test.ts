import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balancerAddress,
  balancerVipAddress,
  brokerAddress,
  contains,
  containsAddress,
  formatCidr,
  largestBrokerOrdinal,
  overlaps,
  parseCidr,
  plannedBlock,
} from '../../components/network/addresses';
import { planBrokers } from '../../components/brokers/plan';
import { planLimits } from '../../components/balancers/limits';
import { checkPorts, planListeners } from '../../components/listeners/plan';
import { planZones } from '../../components/network/zones';
import { balancerPorts } from '../../components/balancers/ports';
import { Problems } from '../../components/rendering/problems';

const subnets = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 26 }))
  .map(([base, prefixLength]) => ({ base: base - (base % 2 ** (32 - prefixLength)), prefixLength }));

describe('planned addresses', () => {
  it('are all different and lie in the block that is reserved', () => {
    fc.assert(
      fc.property(subnets, (subnet) => {
        const addresses = [
          ...([1, 2] as const).flatMap((ordinal) => [
            balancerAddress(subnet, ordinal),
            balancerVipAddress(subnet, ordinal),
          ]),
          ...Array.from({ length: largestBrokerOrdinal }, (_, index) => brokerAddress(subnet, index + 1)),
        ];
        expect(new Set(addresses).size).toBe(addresses.length);
        for (const address of addresses) expect(containsAddress(plannedBlock(subnet), address)).toBe(true);
        expect(contains(subnet, plannedBlock(subnet))).toBe(true);
      }),
    );
  });

  it('read back what they print', () => {
    fc.assert(
      fc.property(subnets, (subnet) => {
        expect(parseCidr(formatCidr(subnet))).toEqual(subnet);
      }),
    );
  });

  it.each(['10.0.0.0', '10.0.0.1/24', '10.0.0.0/33', '10.0.0/8', '2001:db8::/32', '10.0.0.0/08', ''])(
    'refuse %j',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );
});

describe('a divided network', () => {
  it('has subnets that lie within it and never overlap', () => {
    const ranges = fc.tuple(
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 16, max: 22 }),
      fc.integer({ min: 1, max: 6 }),
    );
    fc.assert(
      fc.property(ranges, ([second, prefixLength, zoneCount]) => {
        const problems = new Problems();
        const cidr = `10.${second}.0.0/${prefixLength}`;
        const zones = planZones(cidr, zoneCount, 'network', problems);
        expect(problems.all).toEqual([]);
        const all = zones.flatMap(({ publicCidr, privateCidr }) => [
          parseCidr(publicCidr),
          parseCidr(privateCidr),
        ]);
        const outer = parseCidr(cidr);
        for (const [index, subnet] of all.entries()) {
          expect(subnet !== undefined && outer !== undefined && contains(outer, subnet)).toBe(true);
          for (const other of all.slice(index + 1))
            expect(subnet !== undefined && other !== undefined && overlaps(subnet, other)).toBe(false);
        }
      }),
    );
  });
});

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

describe('listeners', () => {
  const problemsOf = (args: Parameters<typeof planListeners>[0]) => {
    const problems = new Problems();
    checkPorts(planListeners(args, problems), 'port', balancerPorts, problems);
    return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
  };

  it('take the client id where it is visible, and least connections where it is not', () => {
    const planned = planListeners({ mqtt: {}, wss: {} }, new Problems());
    expect(planned.map(({ name, balancing }) => [name, balancing.method])).toEqual([
      ['mqtt', 'clientId'],
      ['wss', 'leastConnections'],
    ]);
  });

  it.each([
    [{}, ['listeners: none is on, so no client could connect; give at least one of mqtt, mqtts, ws, wss']],
    [
      { mqtt: {}, mqtts: { port: 1883 } },
      ['listeners.mqtts.port: is 1883, which listeners.mqtt uses already; give each its own port'],
    ],
    [
      { mqtt: { port: 8888 } },
      ['listeners.mqtt.port: is 8888, which the statistics page uses already; give each its own port'],
    ],
    [
      { ws: { balancing: { method: 'clientId' } } },
      [
        'listeners.ws.balancing.method: is clientId, but a client id is not visible inside a WebSocket; use leastConnections, roundRobin or sourceAddress',
      ],
    ],
    [
      { mqtt: { balancing: { slowStartSeconds: 30 } } },
      [
        'listeners.mqtt.balancing.slowStartSeconds: is for other methods than clientId, whose hash sends clients elsewhere while a weight grows; leave it out, or use clientIdTable, leastConnections or roundRobin',
      ],
    ],
    [
      { mqtt: { port: 22 }, ws: { port: 10000 } },
      [
        'listeners.mqtt.port: is 22, which SSH uses already; give each its own port',
        "listeners.ws.port: is 10000, which the balancers' peers uses already; give each its own port",
      ],
    ],
    [
      { mqtt: { rateLimit: { connectionsPerSource: 9, sparedCidrs: ['10.0.0.0/8', 'home'] } } },
      [
        'listeners.mqtt.rateLimit.sparedCidrs[1]: is "home"; an IPv4 range such as 198.51.100.0/24 without host bits is allowed',
      ],
    ],
    [
      { mqtt: { allowedCidrs: ['10.0.0.1/24'] } },
      [
        'listeners.mqtt.allowedCidrs[0]: is "10.0.0.1/24"; an IPv4 range such as 198.51.100.0/24 without host bits is allowed',
      ],
    ],
    [
      { mqtts: { clientCertificates: { verify: 'optional', ca: 'x', identity: 'username' } } },
      [
        'listeners.mqtts.clientCertificates.identity: is username while verify is optional: a client without a certificate could claim any name; set verify to required',
        'listeners.mqtts.clientCertificates.ca: is not PEM; allowed: one or more blocks of CERTIFICATE (-----BEGIN CERTIFICATE-----) and nothing else',
      ],
    ],
  ] as const)('%j is refused', (args, expected) => {
    expect(problemsOf(structuredClone(args) as Parameters<typeof planListeners>[0])).toEqual(expected);
  });

  it('size connections, descriptors and reserved ports together', () => {
    const listeners = planListeners(
      { mqtt: { maxConnections: 1000 }, mqtts: { maxConnections: 3000 } },
      new Problems(),
    );
    expect(planLimits(listeners)).toMatchObject({
      maxConnections: 5000,
      fileDescriptors: 12_000,
      reservedPorts: [1883, 8083, 8084, 8883, 8888, 10000],
    });
  });
});
