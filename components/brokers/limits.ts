import type * as pulumi from '@pulumi/pulumi';
import { checkMemory, kernelKbPerSocket } from '../host/instanceMemory';
import type { Listener } from '../listeners/listener';
import { headroom } from '../listeners/listener';
import type { Problems } from '../rendering/problems';
import type { Encryption } from './encryption';
import { comesByTls } from './encryption';

/**
 * kB for a client in EMQX, and in the kernel for its socket. Measured on 5.8.9: 14 when it idles, 31 just after it has
 * connected, which all do at once after an outage, 40 with a subscription and messages.
 */
const clientKb = 40 + kernelKbPerSocket;
/** More of a client that comes by TLS: published of EMQX 4 (31 GB for 200,000 against 2), not measured here. */
const tlsKb = 145;
/** The system and EMQX without a client. */
const systemMib = 700;

/** The instance type of brokers whose arguments name none. */
export const defaultInstanceType = 't3.medium';

/** Clients must fit into the memory of the brokers that are left when one is away. */
export function checkBrokerMemory(
  {
    listeners,
    instanceType = defaultInstanceType,
    brokerCount,
    encryption = 'none',
  }: {
    readonly listeners: readonly Listener[];
    readonly instanceType: pulumi.Input<string> | undefined;
    readonly brokerCount: number;
    readonly encryption?: Encryption;
  },
  problems: Problems,
): void {
  const clients = listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const left = Math.max(1, brokerCount - 1);
  const kb = clientKb + (comesByTls(encryption) ? tlsKb : 0);
  const clientsKb = (clients * kb * headroom) / left;
  const sum = `${clients} clients x ${kb} kB x ${headroom} / ${left} (${brokerCount} brokers, of which one may be away)`;
  checkMemory('emqx.instanceType', instanceType, { clientsKb, sum, systemMib }, problems);
}
