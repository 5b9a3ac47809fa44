import type * as pulumi from '@pulumi/pulumi';
import { agentPort, dashboardPort } from '../brokers/ports';
import type { Encryption } from '../brokers/encryption';
import { brokerPortRules, withTlsPorts } from '../brokers/rules';
import type { Peer, Rule } from '../host/rules';
import { allow } from '../host/firewall';
import { range, sshFrom } from '../host/rules';
import { sshPort } from '../host/ssh';
import type { Listener } from '../listeners/listener';
import type { Tags } from '../rendering/naming';
import { peersPort, statsPort, vrrpProtocol } from './ports';
import type { BalancerView } from './view';

/** What may reach the balancers: clients, their peer, those who log in or watch. */
export function balancerRules(
  self: pulumi.Input<string>,
  sshCidrs: readonly string[],
  statsCidrs: readonly string[],
  dashboard: BalancerView['dashboard'],
  listeners: readonly Listener[],
  outbound: readonly Rule[],
): readonly Rule[] {
  const pair: Peer = { name: 'balancers', groupId: self };
  const between = [{ protocol: vrrpProtocol }, { port: peersPort }];
  return [
    ...listeners.flatMap(({ port, allowedCidrs, acceptProxy = [] }) =>
      [...new Set([...allowedCidrs, ...acceptProxy])].map((cidr): Rule => ({
        direction: 'from',
        what: { port },
        peer: range(cidr),
      })),
    ),
    ...statsCidrs.map((cidr): Rule => ({
      direction: 'from',
      what: { port: statsPort },
      peer: range(cidr),
    })),
    ...(dashboard?.allowedCidrs ?? []).map((cidr): Rule => ({
      direction: 'from',
      what: { port: dashboard?.port ?? 0 },
      peer: range(cidr),
    })),
    ...between.flatMap((what): Rule[] => [
      { direction: 'from', what, peer: pair },
      { direction: 'to', what, peer: pair },
    ]),
    ...sshFrom(sshCidrs.map(range)),
    ...outbound,
  ];
}

/** What the balancers may open towards the brokers. A rule of its own, since the brokers' group may come later. */
export function allowTowardsBrokers(
  name: string,
  balancersGroupId: pulumi.Input<string>,
  brokersGroupId: pulumi.Input<string>,
  listeners: readonly Listener[],
  parent: pulumi.Resource,
  encryption: Encryption = 'none',
  tags: Tags = {},
): readonly pulumi.Resource[] {
  const peer: Peer = { name: 'brokers', groupId: brokersGroupId };
  const ports = [dashboardPort, agentPort, sshPort];
  return allow(
    name,
    balancersGroupId,
    [
      ...brokerPortRules(withTlsPorts(listeners, encryption), 'to', peer),
      ...ports.map((port): Rule => ({ direction: 'to', what: { port }, peer })),
    ],
    tags,
    parent,
  );
}
