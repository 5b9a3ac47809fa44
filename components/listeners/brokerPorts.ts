import type { Listener, ListenerName } from './listener';
import { headroom } from './listener';

/** Every port on which the brokers take what comes from a listener; all but the first are further ones. */
export function brokerPortsOf({
  brokerPort,
  furtherBrokerPorts,
}: Pick<Listener, 'brokerPort' | 'furtherBrokerPorts'>): readonly number[] {
  const { first, count } = furtherBrokerPorts ?? { first: 0, count: 0 };
  return [brokerPort, ...Array.from({ length: count }, (_, index) => first + index)];
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
