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
import { planZones } from '../../components/network/zones';
import { Problems } from '../../components/rendering/problems';

const subnets = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 26 }))
  .map(([base, prefixLength]) => ({ base: base - (base % 2 ** (32 - prefixLength)), prefixLength }));

describe('planned addresses', () => {
  it('are all different and lie in the block that is reserved', () => {
    fc.assert(
      fc.property(subnets, (subnet) => {
        const block = plannedBlock({ cidr: formatCidr(subnet) }) ?? { base: 0, prefixLength: 32 };
        const addresses = [
          ...([1, 2] as const).flatMap((ordinal) => [
            balancerAddress(block, ordinal),
            balancerVipAddress(block, ordinal),
          ]),
          ...Array.from({ length: largestBrokerOrdinal }, (_, index) => brokerAddress(block, index + 1)),
        ];
        expect(new Set(addresses).size).toBe(addresses.length);
        for (const address of addresses) expect(containsAddress(block, address)).toBe(true);
        expect(contains(subnet, block)).toBe(true);
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
