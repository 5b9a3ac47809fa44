import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangingStack } from '../changes/changingStack';
import { finished, type Ran } from '../lab';
import { type DeedName, describeStep, mayLose, type Step } from './plan';

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
  const ring = await stack.ring(clients);
  const first = await withDeed(stack, step, number);
  const next = await stack.run('up');
  const cost = await ring.end();
  say(
    `first up: ${outcome(first)}; next: ${outcome(next)}; ${cost.mostCuts} cuts, ${cost.longestMs} ms, ${cost.lost} lost`,
  );
  const problems: string[] = [];
  if (next.code !== 0) problems.push(`the next up failed:\n${next.stdout}\n${next.stderr}`);
  if (first.code !== 0 && !first.wasEnded && !/(haproxy|emqx)-\d/.test(first.stdout + first.stderr))
    problems.push(`the first up failed, and names no host:\n${first.stdout}\n${first.stderr}`);
  if (cost.lost > 0 && !mayLose(step)) problems.push(`${cost.lost} acknowledged messages were lost`);
  if (cost.longestMs > longestMs) problems.push(`a client was ${cost.longestMs} ms without a connection`);
  const verified = await stack.run('verify');
  if (verified.code !== 0) problems.push(`verify: ${verified.stdout}\n${verified.stderr}`);
  return problems.map((problem) => `${describeStep(step)}: ${problem}`);
}

interface First extends Ran {
  /** By the deed: what it printed last says nothing. */
  readonly wasEnded: boolean;
}

async function withDeed(stack: ChangingStack, step: Step, number: number): Promise<First> {
  stack.configure(step.rollout.change(number));
  const child = stack.start('up');
  const ended = finished(child);
  const isOver = once(child, 'close').then(() => true);
  await Promise.race([isOver, sleep(step.afterMs)]);
  if (child.exitCode === null) await deed(stack, step, child);
  await stack.lab('heal');
  const limit = setTimeout(() => child.kill('SIGKILL'), endLimitMs);
  const ran = await ended;
  clearTimeout(limit);
  return { ...ran, wasEnded: step.deed.endsWith('the runner') };
}

/** As the lab's `fault host` calls them. */
const hostFaults = {
  crash: 'crash',
  freeze: 'freeze',
  'cut off': 'partition',
  'fill the disk of': 'fill-disk',
} as const satisfies Partial<Record<DeedName, string>>;

async function deed(stack: ChangingStack, step: Step, child: ChildProcess): Promise<void> {
  switch (step.deed) {
    case 'kill the runner':
      child.kill('SIGKILL');
      return;
    case 'interrupt the runner':
      child.kill('SIGINT');
      return;
    case 'move the address': {
      const holder = await stack.holder();
      if (holder !== undefined)
        await tried(stack, 'exec', holder, '--', 'systemctl', 'restart', 'keepalived');
      return;
    }
    case 'throttle all calls':
      await tried(stack, 'fault', 'api', 'throttle', '--callers', 'all');
      break;
    default:
      await tried(stack, 'fault', 'host', step.place ?? '', hostFaults[step.deed]);
  }
  await sleep(step.holdMs);
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
