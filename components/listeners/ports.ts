import type { Problems } from '../rendering/problems';
import { brokerPortsOf } from './brokerPorts';
import type { Listener } from './listener';

/** EMQX may open none below 1024, and those from 32768 on are for connections that brokers make. */
const bounds = { port: [1, 65_535], brokerPort: [1_024, 32_767] } as const;

/** Ports must differ from each other and from those that the hosts use themselves. */
export function checkPorts(
  listeners: readonly Listener[],
  key: 'port' | 'brokerPort',
  taken: Readonly<Record<number, string>>,
  problems: Problems,
): void {
  const owners = new Map(Object.entries(taken).map(([port, owner]) => [Number(port), owner]));
  // Further ports are not for the user to choose: others have to keep off them.
  if (key === 'brokerPort')
    for (const listener of listeners) {
      const row = brokerPortsOf(listener).slice(1);
      const met = row.find((further) => owners.has(further));
      if (met !== undefined)
        problems.add(
          `listeners.${listener.name}.brokerPort`,
          `is ${listener.brokerPort}, whose further ports for many clients hold ${met}, which ${owners.get(met) ?? ''} uses already; give another`,
        );
      for (const further of row) owners.set(further, `listeners.${listener.name} for its many clients`);
    }
  const [least, most] = bounds[key];
  for (const listener of listeners) {
    const path = `listeners.${listener.name}.${key}`;
    problems.wholeNumber(path, listener[key], least, most);
    const owner = owners.get(listener[key]);
    if (owner === undefined) owners.set(listener[key], `listeners.${listener.name}`);
    else problems.add(path, `is ${listener[key]}, which ${owner} uses already; give each its own port`);
  }
}
