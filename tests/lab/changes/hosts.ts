import { afterAll, beforeAll } from 'vitest';
import { ChangingStack, type Change } from '../../../proving/changes/changingStack';

/** A stack that is up from the first test of a file on, and gone after the last; the lab's, but for `change`. */
export function runningStack(change: Change = {}): ChangingStack {
  const stack = new ChangingStack();
  stack.configure(change);
  beforeAll(async () => {
    await stack.lab('down');
    await stack.lab('up');
  });
  afterAll(async () => {
    await stack.lab('down');
  });
  return stack;
}

/**
 * Ids of the instances that EC2 runs, by host: they tell whether one was replaced. An `up` that fails leaves the
 * stack's outputs as they were.
 */
export async function instanceIds(stack: ChangingStack): Promise<Readonly<Record<string, string>>> {
  const rows = (await stack.lab('status')).matchAll(/^mqtt-(\S+) +(i-\S+) +running/gm);
  return Object.fromEntries([...rows].map(([, host = '', id = '']) => [host, id]));
}

export function replaced(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(before)
    .filter((host) => before[host] !== after[host])
    .sort();
}

/** The cluster as a broker sees it. */
export async function clusterStatus(stack: ChangingStack): Promise<unknown> {
  return JSON.parse(await stack.lab('exec', 'emqx-1', '--', 'emqx', 'ctl', 'cluster', 'status', '--json'));
}
