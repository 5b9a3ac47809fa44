import { z } from 'zod';
import { program } from './program';
import { type Result, Unexpected, check } from './checks';
import { type Hosts, onEach } from './hosts';

/** By link of the chain, the nodes that do not reach its server, and how EMQX calls that. */
const told = z.record(z.string(), z.record(z.string(), z.string()));

/** Servers that EMQX asks who may connect: it passes over one that does not answer, and clients are turned away. */
export function checkServers(hosts: Hosts): Promise<Result>[] {
  return [
    check('authentication: servers answer', async () =>
      answering(await onEach(hosts, hosts.brokers, () => program('broker.servers'))),
    ),
  ];
}

/** What the answers of all brokers come to; each tells of the whole cluster. */
export function answering(answers: ReadonlyMap<string, string>): string {
  const away = [...answers.values()].flatMap((answer) =>
    Object.entries(told.parse(JSON.parse(answer))).flatMap(([link, nodes]) =>
      Object.entries(nodes).map(([node, status]) => `that of ${link} is ${status} for ${node}`),
    ),
  );
  if (away.length > 0)
    throw new Unexpected(
      'every broker to reach the servers of its chain',
      [...new Set(away)].sort().join(', '),
    );
  return `in the eyes of ${answers.size} brokers`;
}
