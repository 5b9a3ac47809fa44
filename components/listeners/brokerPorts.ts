import type { Listener } from '../rendering/model';

/** Every port on which the brokers take what comes from a listener; all but the first are further ones. */
export function brokerPortsOf({
  brokerPort,
  furtherBrokerPorts,
}: Pick<Listener, 'brokerPort' | 'furtherBrokerPorts'>): readonly number[] {
  const { first, count } = furtherBrokerPorts ?? { first: 0, count: 0 };
  return [brokerPort, ...Array.from({ length: count }, (_, index) => first + index)];
}
