import type * as pulumi from '@pulumi/pulumi';
import type { Peer, Rule } from '../host/rules';
import { outboundWeb, range, sshFrom } from '../host/rules';
import type { Listener } from '../listeners/listener';
import { everywhere } from '../network/addresses';
import type { ServerPort } from './authenticators/server';
import type { ClusterPlacement } from './clusterArguments';
import type { Encryption } from './encryption';
import { opensTlsPorts, overTls } from './encryption';
import type { ClusterPlan } from './plan';
import { agentPort, clusterPorts, dashboardPort } from './ports';

/** What may reach the brokers: the balancers, the other brokers, and those who log in. */
export function brokerRules(
  self: pulumi.Input<string>,
  balancersGroupId: pulumi.Input<string>,
  { sshCidrs, webCidrs = [everywhere] }: Pick<ClusterPlacement, 'sshCidrs' | 'webCidrs'>,
  {
    listeners,
    authentication: { reaches },
    egressRules,
    encryption,
  }: Pick<ClusterPlan, 'listeners' | 'authentication' | 'egressRules' | 'encryption'>,
): readonly Rule[] {
  const balancers: Peer = { name: 'balancers', groupId: balancersGroupId };
  const brokers: Peer = { name: 'brokers', groupId: self };
  return [
    ...brokerPortRules(withTlsPorts(listeners, encryption), 'from', balancers),
    ...[dashboardPort, agentPort].map((port): Rule => ({
      direction: 'from',
      what: { port },
      peer: balancers,
    })),
    ...clusterPorts.flatMap((port): Rule[] => [
      { direction: 'from', what: { port }, peer: brokers },
      { direction: 'to', what: { port }, peer: brokers },
    ]),
    ...sshFrom(sshCidrs === undefined ? [balancers] : sshCidrs.map(range)),
    ...outboundWeb(webCidrs),
    ...towardsServers(reaches, webCidrs),
    ...egressRules,
  ];
}

/** Plain ports stay open to balancers: sessions of their former workers go on there after a step of `encryption`. */
export function withTlsPorts(listeners: readonly Listener[], encryption: Encryption): readonly Listener[] {
  return opensTlsPorts(encryption) ? [...listeners, ...listeners.map(overTls)] : listeners;
}

/** The ways to servers that authenticate clients, but for those that web ports are open to anyway. */
function towardsServers(reaches: readonly ServerPort[], webCidrs: readonly string[]): readonly Rule[] {
  const isOpen = (port: number) => (port === 80 || port === 443) && webCidrs.includes(everywhere);
  return reaches
    .filter(({ port }) => !isOpen(port))
    .flatMap(({ port, cidrs }) =>
      cidrs.map((cidr): Rule => ({ direction: 'to', what: { port }, peer: range(cidr) })),
    );
}

/** What brokers open for listeners: a port for each, and the row of further ones where one does not suffice. */
export function brokerPortRules(
  listeners: readonly Listener[],
  direction: Rule['direction'],
  peer: Peer,
): readonly Rule[] {
  return listeners.flatMap(({ brokerPort, furtherBrokerPorts: further }): Rule[] => [
    { direction, what: { port: brokerPort }, peer },
    ...(further === undefined
      ? []
      : [{ direction, what: { port: further.first, last: further.first + further.count - 1 }, peer }]),
  ]);
}
