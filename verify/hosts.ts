import { type Result, Warning, check } from './checks';
import type { Outputs } from './outputs';
import { Ssh, WrongHostKey } from './ssh';

/** The stack's hosts, those that answer. */
export interface Hosts {
  readonly balancers: readonly string[];
  readonly brokers: readonly string[];
  readonly ssh: Ssh;
}

/**
 * Logs in to all hosts at once. A balancer that is off is a warning as long as the other one answers: the service is
 * whole without it. A broker that is off is an error, as its clients' sessions are gone.
 */
export async function reachHosts(
  outputs: Outputs,
): Promise<{ readonly hosts: Hosts; readonly result: Result }> {
  const ssh = new Ssh(outputs.ssh);
  const balancers = outputs.balancers.map(({ name }) => name);
  const brokers = outputs.brokers.map(({ name }) => name);
  const failures = new Map<string, Error>();
  const result = await check('hosts: all answer by their pinned keys', async () => {
    await Promise.all(
      [...balancers, ...brokers].map(async (name) => {
        try {
          await ssh.connect(name);
        } catch (error) {
          failures.set(name, error instanceof Error ? error : new Error(String(error)));
        }
      }),
    );
    if (failures.size === 0) return `${balancers.length} balancers, ${brokers.length} brokers`;
    const told = [...failures.values()].map(({ message }) => message).join('; ');
    const serviceable =
      brokers.every((name) => !failures.has(name)) &&
      balancers.some((name) => !failures.has(name)) &&
      ![...failures.values()].some((failure) => failure instanceof WrongHostKey);
    throw serviceable ? new Warning(`not checked, since it does not answer: ${told}`) : new Error(told);
  });
  const answering = (names: readonly string[]) => names.filter((name) => !failures.has(name));
  return { hosts: { balancers: answering(balancers), brokers: answering(brokers), ssh }, result };
}

/** Runs a command on several hosts at once; its output by host. */
export async function onEach(
  hosts: Hosts,
  names: readonly string[],
  command: (name: string) => string,
  timeoutMs?: number,
): Promise<Map<string, string>> {
  const outputs = await Promise.all(
    names.map(async (name) => [name, await hosts.ssh.run(name, command(name), timeoutMs)] as const),
  );
  return new Map(outputs);
}
