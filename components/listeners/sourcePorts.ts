import type { BalancerView, Listener, ListenerName } from '../rendering/model';
import { balancerPorts } from '../host/ports';

/** A quarter more than asked for: two generations of workers share the limits around a reload. */
export const headroom = 1.25;

/** Above 1024 all of them; the ports that services listen on are reserved, or a client connection could take one. */
export const localPortRange: readonly [first: number, last: number] = [1025, 65535];

/** What the kernel must not give to an outgoing connection of a balancer. */
export function reservedPorts(listeners: readonly Listener[]): BalancerView['limits']['reservedPorts'] {
  const servicePorts = [...Object.keys(balancerPorts).map(Number), ...listeners.map(({ port }) => port)];
  return [...new Set(servicePorts)].filter((port) => port > 1024).sort((a, b) => a - b);
}

/** Connections that a balancer opens to one port of one broker: its local ports without a generous share of reserved ones. */
const connectionsPerPort = 64_000;
/** For 1,000,000 clients, the most that a listener takes. */
const mostFurtherPorts = 19;
/** In a row for each listener, below the ports that brokers take for their own connections. */
const firstFurtherPort: Readonly<Record<ListenerName, number>> = {
  mqtt: 20_001,
  mqtts: 20_101,
  ws: 20_201,
  wss: 20_301,
};

/**
 * The further ports that brokers open for a listener, so that any one of them could carry all clients. Brokers do not
 * count: with one more or less of them the others' ports stay as they are, and nothing restarts.
 */
export function furtherBrokerPorts(
  name: ListenerName,
  maxConnections: number,
): Pick<Listener, 'furtherBrokerPorts'> {
  const needed = Math.ceil((maxConnections * headroom) / connectionsPerPort) - 1;
  // What is out of bounds is refused elsewhere, and must not make a list without end before.
  const count = Math.min(needed, mostFurtherPorts);
  return count >= 1 ? { furtherBrokerPorts: { first: firstFurtherPort[name], count } } : {};
}
