import { describe, expect, it } from 'vitest';
import { planPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import { warningsOf } from '../../components/platform/warnings';

const warnings = (more: Partial<MqttPlatformArgs>) => {
  const args = { ssh: { allowedCidrs: ['203.0.113.0/24'] }, ...more };
  return warningsOf(planPlatform('mqtt', args), args);
};

describe('a preview', () => {
  it('warns of nothing on a stack that says nothing', () => {
    expect(warnings({})).toEqual([]);
  });

  it('warns of a reservation of one address, and not where the block has it', () => {
    const network = { balancerZoneCount: 1 };
    const role = expect.stringContaining('may take any secondary address of the subnet') as unknown;
    const zone = expect.stringContaining(
      'virtualIp.mode: is privateIp, so both balancers are in one subnet, and so in one zone',
    ) as unknown;
    expect(warnings({ network, virtualIp: { mode: 'privateIp' } })).toEqual([
      role,
      expect.stringContaining('virtualIp.address: 10.20.0.31/32 is reserved in the subnet'),
      zone,
    ]);
    expect(warnings({ network, virtualIp: { mode: 'privateIp', address: '10.20.0.34' } })).toEqual([
      role,
      zone,
    ]);
  });

  it('warns of hosts that one zone would take with it, and by the argument that spreads them', () => {
    const both = 'both balancers are in one subnet, and so in one zone';
    expect(warnings({ network: { balancerZoneCount: 1 } })).toEqual([
      expect.stringContaining(`network.balancerZoneCount: ${both}`),
    ]);
    expect(warnings({ network: { zoneCount: 1 } })).toEqual([
      expect.stringContaining(both),
      expect.stringContaining('network.zoneCount: all 3 brokers are in one subnet'),
    ]);
    expect(warnings({ network: { zoneCount: 1, balancerZoneCount: 1 }, emqx: { brokers: 1 } })).toHaveLength(
      1,
    );
    const theirs = {
      vpcId: 'vpc-1',
      vpcCidr: '10.1.0.0/16',
      balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.1.0.0/24' }],
      brokerSubnets: [{ subnetId: 'subnet-2', cidr: '10.1.10.0/24' }],
      egress: 'nat' as const,
    };
    expect(warnings({ network: theirs })).toEqual([
      expect.stringContaining(`network.balancerSubnets: ${both}`),
      expect.stringContaining('network.brokerSubnets: all 3 brokers are in one subnet'),
    ]);
  });

  it('warns of an operating system that was never booted', () => {
    expect(warnings({ emqx: { operatingSystem: 'ubuntu-24.04' } })).toEqual([
      'emqx.operatingSystem: ubuntu-24.04 is experimental: its files are checked, and no host of it was ever booted',
    ]);
    expect(warnings({ haproxy: { operatingSystem: 'debian-12' } })).toEqual([]);
  });

  it.each([
    ['c8i.large', 350, true],
    ['m8g.large', 600, true],
    ['c8i.large', 349, false],
    ['c7i.large', 600, false],
    ['t3.small', 600, false],
  ])('of balancers on %s with keepalives of %i s: warns %s', (instanceType, maxKeepaliveSeconds, warns) => {
    expect(warnings({ haproxy: { instanceType, maxKeepaliveSeconds } })).toHaveLength(Number(warns));
  });

  it('warns of more clients than EC2 may track, unless their connections are not tracked', () => {
    const many: Partial<MqttPlatformArgs> = {
      listeners: { mqtts: { maxConnections: 100_000 } },
      emqx: { instanceType: 'm6i.4xlarge' },
    };
    const instanceType = 'm6i.4xlarge';
    expect(warnings({ ...many, haproxy: { instanceType } })).toEqual([
      expect.stringContaining('listeners: 100000 clients are 200000 connections that EC2 tracks'),
    ]);
    const egressRules = [{ port: 0, lastPort: 65_535, cidr: '0.0.0.0/0' }];
    expect(warnings({ ...many, haproxy: { instanceType, egressRules } })).toEqual([]);
  });
});
