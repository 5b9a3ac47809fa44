import type { Listener, ListenerKind } from './listener';
import { headroom, isListenerKind } from './listener';

export const defaultPorts: Readonly<Record<ListenerKind, { port: number; brokerPort: number }>> = {
  mqtt: { port: 1883, brokerPort: 1883 },
  mqtts: { port: 8883, brokerPort: 1884 },
  ws: { port: 8083, brokerPort: 8083 },
  wss: { port: 8084, brokerPort: 8084 },
};

/**
 * The brokers' port behind a listener that names none. It follows from the listener alone, so that no other's coming
 * or going changes it. EMQX may open none below 1024, and those from 32768 on are for connections that brokers make.
 */
export function brokerPortFor(name: string, port: number): number {
  if (isListenerKind(name)) return defaultPorts[name].brokerPort;
  if (port < 1_024) return 20_400 + port;
  return port < 32_768 ? port : 21_500 + (port % 11_000);
}

/** Every port on which the brokers take what comes from a listener; all but the first are further ones. */
export function brokerPortsOf({
  brokerPort,
  furtherBrokerPorts,
}: Pick<Listener, 'brokerPort' | 'furtherBrokerPorts'>): readonly number[] {
  const { first, count } = furtherBrokerPorts ?? { first: 0, count: 0 };
  return [brokerPort, ...Array.from({ length: count }, (_, index) => first + index)];
}

/**
 * Connections that a balancer opens to one port of one broker. The kernel first looks for a local port among every other
 * one: once these are taken each connection looks through all 32,000 of them, which costs it a hundred times as much
 * (docs/benchmarks/source-ports.md). Ports that are reserved are among them, and ports are chosen by chance.
 */
const connectionsPerPort = 31_250;
/** Clients that one broker port carries. */
export const mostOnOnePort = connectionsPerPort / headroom;
/** For 1,000,000 clients, the most that a listener takes. */
const mostFurtherPorts = 39;
/** In a row for each listener, below the ports that brokers take for their own connections. */
const firstFurtherPorts: Readonly<Record<ListenerKind, number>> = {
  mqtt: 20_001,
  mqtts: 20_101,
  ws: 20_201,
  wss: 20_301,
};

function firstFurtherPort(name: string, brokerPort: number): number {
  return isListenerKind(name) ? firstFurtherPorts[name] : 23_000 + (brokerPort % 240) * 40;
}

/**
 * The further ports that brokers open for a listener, so that any one of them could carry all clients. Brokers do not
 * count: with one more or less of them the others' ports stay as they are, and nothing restarts.
 */
export function furtherBrokerPorts(
  name: string,
  brokerPort: number,
  maxConnections: number,
): Pick<Listener, 'furtherBrokerPorts'> {
  const needed = Math.ceil((maxConnections * headroom) / connectionsPerPort) - 1;
  // What is out of bounds is refused elsewhere, and must not make a list without end before.
  const count = Math.min(needed, mostFurtherPorts);
  return count >= 1 ? { furtherBrokerPorts: { first: firstFurtherPort(name, brokerPort), count } } : {};
}
