import { describe, expect, it } from 'vitest';
import { interfaceRules, knownGroupIds } from '../../lab/fabric/securityGroups';
import type { SecurityGroup, SecurityGroupRule } from '../../lab/model';

const anywhere = { cidr: '0.0.0.0/0' };

function group(groupId: string, ingress: readonly SecurityGroupRule[]): SecurityGroup {
  return { groupId, ingress, egress: [] };
}

function ingressOf(rule: SecurityGroupRule): string[] {
  return interfaceRules({ securityGroupIds: ['sg-1'] }, [group('sg-1', [rule])], 'ingress');
}

describe('a rule of a security group', () => {
  it.each<[what: string, rule: SecurityGroupRule, text: string]>([
    ['a port', { protocol: 'tcp', fromPort: 1883, toPort: 1883, peer: anywhere }, 'tcp dport 1883 return'],
    ['a range of ports', { protocol: 'udp', fromPort: 5, toPort: 9, peer: anywhere }, 'udp dport 5-9 return'],
    [
      'every port',
      { protocol: 'tcp', fromPort: 0, toPort: 65_535, peer: anywhere },
      'meta l4proto tcp return',
    ],
    ['every protocol', { protocol: '-1', fromPort: -1, toPort: -1, peer: anywhere }, 'return'],
    [
      'every protocol of a range of addresses',
      { protocol: '-1', fromPort: -1, toPort: -1, peer: { cidr: '10.20.0.0/16' } },
      'ip saddr 10.20.0.0/16 return',
    ],
    [
      'a protocol by number, of a group',
      { protocol: '112', fromPort: -1, toPort: -1, peer: { groupId: 'sg-2' } },
      'ip saddr @members-sg-2 meta l4proto 112 return',
    ],
    ['TCP by number', { protocol: '6', fromPort: 22, toPort: 22, peer: anywhere }, 'tcp dport 22 return'],
    ['any ICMP', { protocol: 'icmp', fromPort: -1, toPort: -1, peer: anywhere }, 'meta l4proto icmp return'],
    ['an ICMP type', { protocol: 'icmp', fromPort: 8, toPort: -1, peer: anywhere }, 'icmp type 8 return'],
    [
      'ICMP type and code',
      { protocol: '1', fromPort: 3, toPort: 4, peer: anywhere },
      'icmp type 3 icmp code 4 return',
    ],
  ])('allows %s, and nothing beside it', (_, rule, text) => {
    expect(ingressOf(rule)).toEqual([text, 'drop']);
  });

  it('of IPv6 allows nothing in a VPC that has none', () => {
    expect(ingressOf({ protocol: '-1', fromPort: -1, toPort: -1, peer: { cidr: '::/0' } })).toEqual(['drop']);
    expect(ingressOf({ protocol: 'icmpv6', fromPort: -1, toPort: -1, peer: anywhere })).toEqual(['drop']);
  });

  it('with a protocol that is none is refused by name', () => {
    for (const protocol of ['vrrp', '256', '1; accept']) {
      expect(() => ingressOf({ protocol, fromPort: -1, toPort: -1, peer: anywhere })).toThrow(
        `protocol "${protocol}" in a security group; allowed are tcp, udp, icmp, icmpv6, -1 and 0 to 255`,
      );
    }
  });
});

describe('an interface', () => {
  const mqtt = { protocol: 'tcp', fromPort: 1883, toPort: 1883, peer: anywhere } as const;
  const ssh = { protocol: 'tcp', fromPort: 22, toPort: 22, peer: { cidr: '10.0.0.0/8' } } as const;

  it('may do what any of its groups allows, each thing once', () => {
    const groups = [group('sg-1', [mqtt]), group('sg-2', [mqtt, ssh]), group('sg-3', [])];
    expect(interfaceRules({ securityGroupIds: ['sg-1', 'sg-2'] }, groups, 'ingress')).toEqual([
      'tcp dport 1883 return',
      'ip saddr 10.0.0.0/8 tcp dport 22 return',
      'drop',
    ]);
  });

  it('looks at the other side of what goes out', () => {
    const groups: SecurityGroup[] = [{ groupId: 'sg-1', ingress: [], egress: [ssh] }];
    expect(interfaceRules({ securityGroupIds: ['sg-1'] }, groups, 'egress')).toEqual([
      'ip daddr 10.0.0.0/8 tcp dport 22 return',
      'drop',
    ]);
  });

  it('without a group may do nothing', () => {
    expect(interfaceRules({ securityGroupIds: [] }, [group('sg-1', [mqtt])], 'ingress')).toEqual(['drop']);
  });

  it('may be named by a group that a rule knows and the VPC does not', () => {
    const groups = [group('sg-1', [{ ...mqtt, peer: { groupId: 'sg-gone' } }])];
    expect(knownGroupIds(groups)).toEqual(['sg-1', 'sg-gone']);
  });
});
