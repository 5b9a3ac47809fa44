import type { BalancerView, Listener } from '../render/model';
import { balancerPorts } from './ports';

/** A quarter more than asked for: two generations of workers share the limits around a reload. */
const headroom = 1.25;
/** HAProxy needs two descriptors for a proxied connection, and some for listeners, checks, peers and its sockets. */
const descriptorsPerConnection = 2;
const descriptorsBeside = 2_000;

/** What the kernel and HAProxy must allow so that every listener's maxConnections are clients really served. */
export function planLimits(listeners: readonly Listener[]): BalancerView['limits'] {
  const maxConnections = Math.ceil(
    listeners.reduce((sum, listener) => sum + listener.maxConnections, 0) * headroom,
  );
  const servicePorts = [...Object.keys(balancerPorts).map(Number), ...listeners.map(({ port }) => port)];
  return {
    maxConnections,
    fileDescriptors: maxConnections * descriptorsPerConnection + descriptorsBeside,
    // Above 1024 all of them; the ports that services listen on are reserved, or a client connection could take one.
    localPortRange: [1025, 65535],
    reservedPorts: [...new Set(servicePorts)].filter((port) => port > 1024).sort((a, b) => a - b),
  };
}
