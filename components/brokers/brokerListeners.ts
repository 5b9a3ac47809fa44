import { brokerPortsOf } from '../listeners/brokerPorts';
import type { Listener } from '../listeners/listener';
import { isWebSocket } from '../listeners/listener';
import type { Encryption } from './encryption';
import { opensPlainPorts, opensTlsPorts, overTls } from './encryption';

/** A listener of EMQX: one for each port behind a balancer's. */
export interface BrokerListener {
  /** The balancers' listener in front of it, with the ports that this one is of. */
  readonly listener: Listener;
  readonly transport: 'tcp' | 'ssl' | 'ws' | 'wss';
  /** As EMQX calls it, of its transport. */
  readonly name: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

export function brokerListeners(listeners: readonly Listener[], step: Encryption): readonly BrokerListener[] {
  return [
    ...(opensPlainPorts(step) ? listeners.flatMap((listener) => onEachPort(listener, false)) : []),
    ...(opensTlsPorts(step) ? listeners.map(overTls).flatMap((listener) => onEachPort(listener, true)) : []),
  ];
}

function onEachPort(listener: Listener, isEncrypted: boolean): readonly BrokerListener[] {
  const [plain, encrypted] = isWebSocket(listener) ? (['ws', 'wss'] as const) : (['tcp', 'ssl'] as const);
  return brokerPortsOf(listener).map((port, index) => ({
    listener,
    transport: isEncrypted ? encrypted : plain,
    name: index === 0 ? listener.name : `${listener.name}_${index + 1}`,
    port,
    isEncrypted,
  }));
}
