import type * as pulumi from '@pulumi/pulumi';
import type { BalancerView, Listener, OperatingSystem } from '../rendering/model';
import { memoryMib } from '../host/instanceMemory';
import type { Problems } from '../rendering/problems';
import { headroom, localPortRange, reservedPorts } from '../listeners/sourcePorts';

/** HAProxy needs two descriptors for a proxied connection, and some for listeners, checks, peers and its sockets. */
const descriptorsPerConnection = 2;
const descriptorsBeside = 2_000;

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
/** Of a stick table beside the key, measured with keys of 32 to 128 characters. */
const tableEntryBytes = 211;
/** The system itself, HAProxy without a client, and buffers of those that have data in flight. */
const systemMib = 350;

/** kB for a client in EMQX, from its published 8.7 GB for a million, and in the kernel for its socket. */
const brokerKb = 9 + kernelKb / 2;
/** The system and EMQX without a client. */
const brokerSystemMib = 700;

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

/** The instance types of hosts whose arguments name none. */
export const defaultInstanceTypes = { balancer: 't3.small', broker: 't3.medium' } as const;

/** What the clients are to be served by. Memory is not checked while a type is an Output, nor for one not in the table. */
export interface Capacity {
  readonly listeners: readonly Listener[];
  readonly instanceType: pulumi.Input<string> | undefined;
}

/** Clients must fit into a balancer's memory: the active one carries all of them. */
export function checkBalancerMemory(
  {
    listeners,
    instanceType = defaultInstanceTypes.balancer,
    operatingSystem,
  }: Capacity & {
    readonly operatingSystem: OperatingSystem;
  },
  problems: Problems,
): void {
  const terms = listeners.flatMap(({ name, maxConnections, balancing }) => {
    const isTls = name === 'mqtts' || name === 'wss';
    const kb = (isTls ? (tlsKb.get(operatingSystem) ?? largestTlsKb) : plainKb) + kernelKb;
    const clients = { text: `${name} ${maxConnections} x ${kb} kB`, kb: maxConnections * kb };
    if (balancing.method !== 'clientIdTable') return [clients];
    const bytes = tableEntryBytes + balancing.keyLength;
    const ids = { text: `${balancing.entries} ids x ${bytes} B`, kb: (balancing.entries * bytes) / 1024 };
    return [clients, ids];
  });
  const clientsMib = toMib(terms.reduce((sum, { kb }) => sum + kb, 0) * headroom);
  const sum = `(${terms.map(({ text }) => text).join(' + ')}) x ${headroom}`;
  checkMemory('haproxy.instanceType', instanceType, { clientsMib, sum, systemMib }, problems);
}

/** Clients must fit into the memory of the brokers that are left when one is away. */
export function checkBrokerMemory(
  {
    listeners,
    instanceType = defaultInstanceTypes.broker,
    brokerCount,
  }: Capacity & {
    readonly brokerCount: number;
  },
  problems: Problems,
): void {
  const clients = listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const left = Math.max(1, brokerCount - 1);
  const clientsMib = toMib((clients * brokerKb * headroom) / left);
  const sum = `${clients} clients x ${brokerKb} kB x ${headroom} / ${left} (${brokerCount} brokers, of which one may be away)`;
  checkMemory('emqx.instanceType', instanceType, { clientsMib, sum, systemMib: brokerSystemMib }, problems);
}

function checkMemory(
  path: string,
  instanceType: pulumi.Input<string>,
  { clientsMib, sum, systemMib: besideMib }: { clientsMib: number; sum: string; systemMib: number },
  problems: Problems,
): void {
  if (typeof instanceType !== 'string') return;
  const available = memoryMib(instanceType);
  const needed = besideMib + clientsMib;
  if (available === undefined || needed <= available) return;
  problems.add(
    path,
    `is ${instanceType} with ${available} MiB, but ${needed} MiB are needed: ${sum} = ${clientsMib} MiB, and ${besideMib} MiB` +
      ' for the system; give a larger type, or lower listeners.*.maxConnections',
  );
}

function toMib(kb: number): number {
  return Math.ceil(kb / 1024);
}
