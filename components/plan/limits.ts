import type * as pulumi from '@pulumi/pulumi';
import type { BalancerView, Listener, OperatingSystem } from '../render/model';
import { memoryMib } from './instanceMemory';
import { balancerPorts } from './ports';
import type { Problems } from './problems';

/** A quarter more than asked for: two generations of workers share the limits around a reload. */
const headroom = 1.25;
/** HAProxy needs two descriptors for a proxied connection, and some for listeners, checks, peers and its sockets. */
const descriptorsPerConnection = 2;
const descriptorsBeside = 2_000;
/** Above 1024 all of them; the ports that services listen on are reserved, or a client connection could take one. */
const localPortRange: readonly [number, number] = [1025, 65535];

/** kB for an idle connection, measured: in HAProxy, which for TLS is OpenSSL's, and in the kernel for two sockets. */
const plainKb = 4;
const kernelKb = 10;
const tlsKb: ReadonlyMap<OperatingSystem, number> = new Map([
  ['debian-12', 18],
  ['ubuntu-22.04', 18],
  ['debian-13', 28],
]);
/** Where it was not measured: as much as the most that was. */
const largestTlsKb = 28;
/** The system itself, HAProxy without a client, and buffers of those that have data in flight. */
const systemMib = 350;

/** What the kernel and HAProxy must allow so that every listener's maxConnections are clients really served. */
export function planLimits(listeners: readonly Listener[]): BalancerView['limits'] {
  const maxConnections = Math.ceil(
    listeners.reduce((sum, listener) => sum + listener.maxConnections, 0) * headroom,
  );
  return {
    maxConnections,
    fileDescriptors: maxConnections * descriptorsPerConnection + descriptorsBeside,
    localPortRange,
    reservedPorts: reservedPorts(listeners),
  };
}

/** The instance type of hosts whose arguments name none. */
const defaultBalancerType = 't3.small';

/** What the clients are to be served by. */
export interface Capacity {
  readonly listeners: readonly Listener[];
  readonly brokerCount: number;
  readonly operatingSystem: OperatingSystem;
  /** Memory is not checked while the type is an Output, nor for one that is not in the table. */
  readonly instanceType: pulumi.Input<string> | undefined;
}

/** Clients must fit into a balancer's memory, and into the ports that it has towards the brokers that are left. */
export function checkCapacity(capacity: Capacity, problems: Problems): void {
  checkMemory(capacity, problems);
  const { listeners, brokerCount } = capacity;
  const [first, last] = localPortRange;
  const ports = last - first + 1 - reservedPorts(listeners).length;
  // One broker may be away; what remains carries everybody.
  const remaining = Math.max(1, brokerCount - 1);
  const most = Math.floor((ports * remaining) / headroom);
  for (const { name, maxConnections } of listeners)
    if (maxConnections > most)
      problems.add(
        `listeners.${name}.maxConnections`,
        `is ${maxConnections}, but a balancer has ${ports} source ports towards each broker's port: ${ports} x` +
          ` ${remaining} (one of ${brokerCount} may be away) / ${headroom} (two generations of workers) = ${most};` +
          ' lower it, or add brokers',
      );
}

function checkMemory(capacity: Capacity, problems: Problems): void {
  const { listeners, operatingSystem, instanceType = defaultBalancerType } = capacity;
  if (typeof instanceType !== 'string') return;
  const available = memoryMib(instanceType);
  if (available === undefined) return;
  const terms = listeners.map(({ name, maxConnections }) => {
    const isTls = name === 'mqtts' || name === 'wss';
    const kb = (isTls ? (tlsKb.get(operatingSystem) ?? largestTlsKb) : plainKb) + kernelKb;
    return { text: `${name} ${maxConnections} x ${kb} kB`, kb: maxConnections * kb };
  });
  const clientsMib = Math.ceil((terms.reduce((sum, { kb }) => sum + kb, 0) * headroom) / 1024);
  const needed = systemMib + clientsMib;
  if (needed <= available) return;
  problems.add(
    'haproxy.instanceType',
    `is ${instanceType} with ${available} MiB, but ${needed} MiB are needed:` +
      ` (${terms.map(({ text }) => text).join(' + ')}) x ${headroom} = ${clientsMib} MiB, and ${systemMib} MiB for the` +
      ' system; give a larger type, or lower listeners.*.maxConnections',
  );
}

function reservedPorts(listeners: readonly Listener[]): readonly number[] {
  const servicePorts = [...Object.keys(balancerPorts).map(Number), ...listeners.map(({ port }) => port)];
  return [...new Set(servicePorts)].filter((port) => port > 1024).sort((a, b) => a - b);
}
