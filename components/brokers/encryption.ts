import { brokerPortsOf } from '../listeners/brokerPorts';
import type { Listener } from '../listeners/listener';
import type { Problems } from '../rendering/problems';
import { brokerPorts } from './ports';

/** The steps by which balancers and brokers come to speak TLS, each safe beside its neighbours on other hosts. */
export const encryptionSteps = ['none', 'offered', 'used', 'required'] as const;

export type Encryption = (typeof encryptionSteps)[number];

/** Whether brokers open the ports of their listeners without TLS. */
export function opensPlainPorts(encryption: Encryption): boolean {
  return encryption !== 'required';
}

/** Whether brokers open ports with TLS. */
export function opensTlsPorts(encryption: Encryption): boolean {
  return encryption !== 'none';
}

/** Whether balancers come with TLS. */
export function comesByTls(encryption: Encryption): boolean {
  return encryption === 'used' || encryption === 'required';
}

/** The ports with TLS beside those without, which stay what they are. */
export function overTls<T extends Pick<Listener, 'brokerPort' | 'furtherBrokerPorts'>>(listener: T): T {
  const { brokerPort, furtherBrokerPorts: further } = listener;
  return {
    ...listener,
    brokerPort: tlsPortOf(brokerPort),
    ...(further === undefined
      ? {}
      : { furtherBrokerPorts: { first: tlsPortOf(further.first), count: further.count } }),
  };
}

/** Below the ports that brokers take for their own connections, as the others are. */
function tlsPortOf(port: number): number {
  return port < 31_000 ? port + 1_000 : port - 1_000;
}

/** Ports with TLS must differ from all others; what is wrong goes to `problems` under `listeners`. */
export function checkTlsPorts(listeners: readonly Listener[], problems: Problems): void {
  const owners = new Map(Object.entries(brokerPorts).map(([port, owner]) => [Number(port), owner]));
  for (const listener of listeners)
    for (const port of brokerPortsOf(listener)) owners.set(port, `listeners.${listener.name}`);
  for (const listener of listeners)
    for (const port of brokerPortsOf(overTls(listener))) {
      const owner = owners.get(port);
      if (owner !== undefined)
        problems.add(
          `listeners.${listener.name}.brokerPort`,
          `is ${listener.brokerPort}, beside which emqx.encryption opens ${port}, which ${owner} uses already; give another`,
        );
      owners.set(port, `listeners.${listener.name} for TLS`);
    }
}

/** What brokers' listeners show, and whom they let in. */
export const tlsFiles = {
  certificate: '/etc/emqx-haproxy/emqx/listeners.pem',
  balancersCa: '/etc/emqx-haproxy/emqx/balancers-ca.pem',
} as const;
