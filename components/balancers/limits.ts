import type * as pulumi from '@pulumi/pulumi';
import { checkMemory, kernelKbPerSocket } from '../host/instanceMemory';
import type { KernelLimits, SourcePorts } from '../host/kernel';
import type { OperatingSystem } from '../host/operatingSystems';
import { rememberedLogins } from '../listeners/failedLogins';
import type { Listener } from '../listeners/listener';
import { headroom, isTls } from '../listeners/listener';
import { defaultPorts } from '../listeners/brokerPorts';
import type { Problems } from '../rendering/problems';
import { balancerPorts } from './ports';

/** HAProxy needs two descriptors for a proxied connection, and some for listeners, checks, peers and its sockets. */
const descriptorsPerConnection = 2;
const descriptorsBeside = 2_000;

/** kB for an idle connection in HAProxy, measured; with TLS it is OpenSSL's. */
const plainKb = 4;
const tlsKb: ReadonlyMap<OperatingSystem, number> = new Map([
  ['debian-12', 18],
  ['ubuntu-22.04', 18],
  ['debian-13', 28],
]);
/** Where it was not measured: as much as the most that was. */
const largestTlsKb = 28;
/** Of a stick table beside the key, measured with keys of 32 to 128 characters. */
const tableEntryBytes = 211;
/** Of a login that is remembered, measured. */
const loginBytes = 210;
/** The system itself, HAProxy without a client, and buffers of those that have data in flight. */
const systemMib = 350;

/** Above 1024 all of them; the ports that services listen on are reserved, or a client connection could take one. */
const localPortRange: readonly [first: number, last: number] = [1025, 65535];

/** What follows from the listeners' maxConnections. */
export interface BalancerLimits extends KernelLimits, SourcePorts {}

/** What the kernel and HAProxy must allow so that every listener's maxConnections are clients really served. */
export function planLimits(
  listeners: readonly Listener[],
  furtherPorts: readonly number[] = [],
): BalancerLimits {
  const maxConnections = Math.ceil(
    listeners.reduce((sum, listener) => sum + listener.maxConnections, 0) * headroom,
  );
  return {
    maxConnections,
    fileDescriptors: maxConnections * descriptorsPerConnection + descriptorsBeside,
    localPortRange,
    reservedPorts: reservedPorts(listeners, furtherPorts),
  };
}

/** What the kernel must not give to an outgoing connection of a balancer. */
function reservedPorts(listeners: readonly Listener[], furtherPorts: readonly number[]): readonly number[] {
  // Those of listeners to come too: a listener cannot open a port that a connection took before it was reserved.
  const usual = Object.values(defaultPorts).map(({ port }) => port);
  const own = Object.keys(balancerPorts).map(Number);
  const servicePorts = [...own, ...furtherPorts, ...usual, ...listeners.map(({ port }) => port)];
  return [...new Set(servicePorts)].filter((port) => port > 1024).sort((a, b) => a - b);
}

/** The instance type of balancers whose arguments name none. */
export const defaultInstanceType = 't3.small';

/** Clients must fit into a balancer's memory: the active one carries all of them. */
export function checkBalancerMemory(
  {
    listeners,
    instanceType = defaultInstanceType,
    operatingSystem,
    brokersOverTls = false,
  }: {
    readonly listeners: readonly Listener[];
    readonly instanceType: pulumi.Input<string> | undefined;
    readonly operatingSystem: OperatingSystem;
    readonly brokersOverTls?: boolean;
  },
  problems: Problems,
): void {
  const terms = listeners.flatMap((listener) => {
    const { name, maxConnections, balancing } = listener;
    const encryptedKb = tlsKb.get(operatingSystem) ?? largestTlsKb;
    const kb =
      (isTls(listener) ? encryptedKb : plainKb) +
      (brokersOverTls ? encryptedKb - plainKb : 0) +
      2 * kernelKbPerSocket;
    const logins = listener.failedLogins === undefined ? 0 : rememberedLogins(listener);
    const clients = [
      { text: `${name} ${maxConnections} x ${kb} kB`, kb: maxConnections * kb },
      ...(logins === 0
        ? []
        : [{ text: `${logins} logins x ${loginBytes} B`, kb: (logins * loginBytes) / 1024 }]),
    ];
    if (balancing.method !== 'clientIdTable') return clients;
    const bytes = tableEntryBytes + balancing.keyLength;
    const ids = { text: `${balancing.entries} ids x ${bytes} B`, kb: (balancing.entries * bytes) / 1024 };
    return [...clients, ids];
  });
  const clientsKb = terms.reduce((sum, { kb }) => sum + kb, 0) * headroom;
  const sum = `(${terms.map(({ text }) => text).join(' + ')}) x ${headroom}`;
  checkMemory('haproxy.instanceType', instanceType, { clientsKb, sum, systemMib }, problems);
}
