import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangingStack } from '../changes/changingStack';
import { finished, type Ran } from '../lab';
import { brokers, type DeedName, describeStep, mayLose, type Rollout, type Step } from './plan';

const clients = 40;
/** A client comes back within seconds, whatever fails; longer, and two hosts of a kind were away. */
const longestMs = 20_000;
/** An `up` gives up a host that does not answer after minutes. */
const endLimitMs = 900_000;

/**
 * One rollout with something in between. It is healed, and the next `up` must finish what the first did not. Gives a
 * line for each thing that is wrong then.
 */
export async function interrupted(
  stack: ChangingStack,
  step: Step,
  number: number,
): Promise<readonly string[]> {
  await prepare(stack, step.rollout);
  const ring = await stack.ring(clients);
  const first = await withDeed(stack, step, number);
  const next = await stack.run('up');
  const cost = await ring.end();
  say(
    `first up: ${outcome(first)}; next: ${outcome(next)}; ${cost.mostCuts} cuts, ${cost.longestMs} ms, ${cost.lost} lost`,
  );
  const problems: string[] = [...first.problems];
  if (next.code !== 0) problems.push(`the next up failed:\n${next.stdout}\n${next.stderr}`);
  if (first.code !== 0 && !first.wasEnded && !/(haproxy|emqx)-\d/.test(first.stdout + first.stderr))
    problems.push(`the first up failed, and names no host:\n${first.stdout}\n${first.stderr}`);
  if (cost.lost > 0 && !mayLose(step)) problems.push(`${cost.lost} acknowledged messages were lost`);
  if (cost.longestMs > longestMs) problems.push(`a client was ${cost.longestMs} ms without a connection`);
  const verified = await stack.run('verify');
  if (verified.code !== 0) problems.push(`verify: ${verified.stdout}\n${verified.stderr}`);
  return problems.map((problem) => `${describeStep(step)}: ${problem}`);
}

/** What a rollout finds: the state of hosts that it is about, and nothing that is owed. */
async function prepare(stack: ChangingStack, { before, onHosts = [] }: Rollout): Promise<void> {
  if (before !== undefined) {
    stack.configure(before);
    await stack.lab('up');
  }
  if (onHosts.length === 0) return;
  const { balancers, brokers: planned } = await stack.outputs();
  for (const { name } of [...balancers, ...planned]) await stack.lab('exec', name, '--', ...onHosts);
}

interface First extends Ran {
  /** By the deed: what it printed last says nothing. */
  readonly wasEnded: boolean;
  /** What the deed itself found wrong. */
  readonly problems: readonly string[];
}

async function withDeed(stack: ChangingStack, step: Step, number: number): Promise<First> {
  stack.configure(step.rollout.change(number));
  const child = stack.start('up');
  const ended = finished(child);
  const isOver = once(child, 'close').then(() => true);
  await Promise.race([isOver, sleep(step.afterMs)]);
  const problems = child.exitCode === null ? await deed(stack, step, child) : [];
  await stack.lab('heal');
  const limit = setTimeout(() => child.kill('SIGKILL'), endLimitMs);
  const ran = await ended;
  clearTimeout(limit);
  return { ...ran, wasEnded: step.deed.endsWith('the runner'), problems };
}

/** As the lab's `fault host` calls them. */
const hostFaults = {
  crash: 'crash',
  freeze: 'freeze',
  'cut off': 'partition',
  'fill the disk of': 'fill-disk',
} as const satisfies Partial<Record<DeedName, string>>;

/** Gives what is wrong already. */
async function deed(stack: ChangingStack, step: Step, child: ChildProcess): Promise<readonly string[]> {
  switch (step.deed) {
    case 'kill the runner':
      child.kill('SIGKILL');
      return [];
    case 'interrupt the runner':
      child.kill('SIGINT');
      return [];
    case 'start another up': {
      const { code } = await stack.pulumi('up', '--yes', '--skip-preview');
      return code === 0 && child.exitCode === null ? ['another up ran beside the first'] : [];
    }
    case 'keep the other brokers from':
      for (const other of brokers.filter((name) => name !== step.place))
        await tried(stack, 'fault', 'host', step.place ?? '', 'partition', other);
      break;
    case 'move the address': {
      const holder = await stack.holder();
      if (holder !== undefined)
        await tried(stack, 'exec', holder, '--', 'systemctl', 'restart', 'keepalived');
      return [];
    }
    case 'throttle all calls':
      await tried(stack, 'fault', 'api', 'throttle', '--callers', 'all');
      break;
    default:
      await tried(stack, 'fault', 'host', step.place ?? '', hostFaults[step.deed]);
  }
  await sleep(step.holdMs);
  return [];
}

/** The host may be about to be replaced: then there is nothing to do it to. */
async function tried(stack: ChangingStack, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await stack.run(...args);
  if (code !== 0) say(`not done: ${stderr.trim().split('\n')[0] ?? ''}`);
}

function outcome({ code }: Ran): string {
  return code === 0 ? 'done' : `exit ${code}`;
}

/** To whoever watches a run. */
export function say(line: string): void {
  process.stderr.write(`  rollouts: ${line}\n`);
}
