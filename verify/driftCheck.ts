import { z } from 'zod';
import { type Result, Unexpected, Warning, check } from './checks';
import { type Hosts, onEach } from './hosts';
import { program } from './program';

const drift = z.object({
  differs: z.record(z.string(), z.object({ expected: z.unknown(), found: z.unknown() })),
  elsewhere: z.array(z.string()),
});

/** EMQX has the settings of the arguments: what its dashboard or API changed is in force until a broker restarts. */
export function checkDrift(hosts: Hosts): Promise<Result>[] {
  return [
    check('settings: EMQX as the arguments say', async () =>
      drifted(await onEach(hosts, hosts.brokers, () => program('broker.drift'))),
    ),
  ];
}

/** What the answers of all brokers come to. */
export function drifted(answers: ReadonlyMap<string, string>): string {
  const told = [...answers].map(([name, answer]) => ({ name, ...drift.parse(JSON.parse(answer)) }));
  const differing = told.flatMap(({ name, differs }) =>
    Object.entries(differs).map(
      ([path, { expected, found }]) =>
        `${name}: ${path} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
    ),
  );
  if (differing.length > 0) throw new Unexpected('every setting as given', differing.join(', '));
  const elsewhere = [...new Set(told.flatMap((each) => each.elsewhere))].sort();
  if (elsewhere.length > 0)
    throw new Warning(
      `changed by EMQX's dashboard or API beside the arguments: ${elsewhere.join(', ')}; put it into emqx.settings`,
    );
  return `on ${told.length} brokers`;
}
