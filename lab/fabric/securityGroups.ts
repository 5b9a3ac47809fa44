import type { NetworkInterface, SecurityGroup, SecurityGroupRule } from '../model';

/** The nft set with the addresses of a security group's members, in the router's table. */
export function groupSet(groupId: string): string {
  return `members-${groupId}`;
}

export type Direction = 'ingress' | 'egress';

/**
 * The rules of an interface's chain in one direction: what any of its groups allows returns to the caller, all else
 * is dropped. Ranges and groups of IPv6 are left out, since the lab's VPC has none.
 */
export function interfaceRules(
  { securityGroupIds }: Pick<NetworkInterface, 'securityGroupIds'>,
  groups: readonly SecurityGroup[],
  direction: Direction,
): string[] {
  const allowed = groups
    .filter(({ groupId }) => securityGroupIds.includes(groupId))
    .flatMap((group) => group[direction])
    .flatMap((rule) => ruleText(rule, direction))
    .map((match) => `${match} return`.trimStart());
  return [...new Set(allowed), 'drop'];
}

/** Every group that has members or that a rule names: each needs its set. */
export function knownGroupIds(groups: readonly SecurityGroup[]): string[] {
  const named = groups
    .flatMap(({ ingress, egress }) => [...ingress, ...egress])
    .flatMap(({ peer }) => ('groupId' in peer ? [peer.groupId] : []));
  return [...new Set([...groups.map(({ groupId }) => groupId), ...named])];
}

function ruleText(rule: SecurityGroupRule, direction: Direction): string[] {
  const peer = peerMatch(rule.peer, direction);
  const protocol = protocolMatch(rule);
  if (peer === undefined || protocol === undefined) return [];
  return [`${peer} ${protocol}`.trim()];
}

function peerMatch(peer: SecurityGroupRule['peer'], direction: Direction): string | undefined {
  const field = direction === 'ingress' ? 'ip saddr' : 'ip daddr';
  if ('groupId' in peer) return `${field} @${groupSet(peer.groupId)}`;
  if (peer.cidr.includes(':')) return undefined;
  return peer.cidr.endsWith('/0') ? '' : `${field} ${peer.cidr}`;
}

const protocolNames: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
};

function protocolMatch({ protocol: given, fromPort, toPort }: SecurityGroupRule): string | undefined {
  const protocol = protocolNames[given] ?? given.toLowerCase();
  switch (protocol) {
    case '-1':
    case 'all':
      return '';
    case 'tcp':
    case 'udp':
      return fromPort <= 0 && (toPort === 65_535 || toPort < 0)
        ? `meta l4proto ${protocol}`
        : `${protocol} dport ${fromPort === toPort ? fromPort : `${fromPort}-${toPort}`}`;
    case 'icmp':
      // EC2 writes the ICMP type where ports begin and the code where they end; -1 is any.
      return [
        fromPort === -1 ? 'meta l4proto icmp' : `icmp type ${fromPort}`,
        ...(fromPort === -1 || toPort === -1 ? [] : [`icmp code ${toPort}`]),
      ].join(' ');
    case 'icmpv6':
      return undefined;
    default:
      if (!/^\d{1,3}$/.test(protocol) || Number(protocol) > 255) {
        throw new Error(
          `fabric: protocol "${given}" in a security group; allowed are tcp, udp, icmp, icmpv6, -1 and 0 to 255`,
        );
      }
      return `meta l4proto ${protocol}`;
  }
}
