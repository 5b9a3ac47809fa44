import { setTimeout as pause } from 'node:timers/promises';
import { parseCondition, parseFigures, type BalancerState } from '../../verify/balancers';
import type { Outputs } from '../../verify/outputs';
import { judgeBrokers, judgeHaproxy, judgeTakeover } from '../../verify/takeover';
import { verify } from '../../verify/verify';
import { epochMs } from '../pair/probes';
import { settled } from '../pair/settled';
import type { Target } from '../pair/target';
import { HolderWatch } from '../pair/holderWatch';
import { healAll, hostAt, inject } from './faults';
import { brokersEmptied, type Fault, type Step } from './plan';
import type { Missing, Traffic } from './traffic';

/** How soon all is right once everything is healed. */
export const rightWithinMs = 5_000;
/** When it is given up on. */
const rightLimitMs = 60_000;

export interface Outcome {
  /** From the end of the last fault until all was right. */
  readonly rightAfterMs: number;
  /** What is not as it should be. */
  readonly problems: readonly string[];
}

/** One step of chaos, from a stack that is well to one that is. */
export async function weather(
  step: Step,
  target: Target,
  outputs: Outputs,
  traffic: Traffic,
): Promise<Outcome> {
  const pair = await settled(target);
  const broken = step.faults.map((fault) => ({ ...fault, host: hostAt(fault, pair) }));
  const problems: string[] = [];
  const watch = new HolderWatch(target);
  const { rightAfterMs, wrongLast } = await rightAfter(broken, step.holdMs, target, outputs, traffic).finally(
    async () => {
      const { most } = await watch.end();
      if (most > 1) problems.push(`${most} interfaces had the address at one time`);
    },
  );
  if (rightAfterMs > rightWithinMs)
    problems.push(`right after ${rightAfterMs} ms only, the last to be so: ${wrongLast.join('; ')}`);
  const lost = await traffic.settle(brokersEmptied(step).length > 0);
  if (lost.length > 0) problems.push(describeLost(lost));
  const { results } = await verify(outputs);
  for (const { name, verdict, detail } of results)
    if (verdict === 'fail') problems.push(`verify: ${name}: ${detail}`);
  return { rightAfterMs, problems };
}

/** Breaks, holds, heals and waits; how long it took from then on, and for what. */
async function rightAfter(
  broken: readonly (Fault & { readonly host: string })[],
  holdMs: number,
  target: Target,
  outputs: Outputs,
  traffic: Traffic,
): Promise<{ readonly rightAfterMs: number; readonly wrongLast: readonly string[] }> {
  const injected = await Promise.allSettled(broken.map((fault) => inject(fault, fault.host)));
  await pause(holdMs);
  await healAll(broken);
  for (const outcome of injected) if (outcome.status === 'rejected') throw outcome.reason;
  const healedAt = epochMs();
  const wrongLast = await untilRight(target, outputs, traffic, healedAt);
  return { rightAfterMs: Math.round(epochMs() - healedAt), wrongLast };
}

/** What was wrong until the end; throws with what still is when the time is up. */
async function untilRight(
  target: Target,
  outputs: Outputs,
  traffic: Traffic,
  since: number,
): Promise<readonly string[]> {
  const deadline = epochMs() + rightLimitMs;
  let last: readonly string[] = [];
  for (;;) {
    const wrong = await wrongNow(target, outputs).catch((error: unknown) => [String(error)]);
    wrong.push(...[traffic.stalled(since) ?? []].flat());
    if (wrong.length === 0) return last;
    last = wrong;
    if (epochMs() > deadline)
      throw new Error(`not right after ${rightLimitMs / 1_000} s: ${wrong.join('; ')}`);
    await pause(100);
  }
}

async function wrongNow(target: Target, outputs: Outputs): Promise<string[]> {
  const states = new Map(
    await Promise.all(
      outputs.balancers.map(async ({ name }) => [name, await stateOf(target, name)] as const),
    ),
  );
  const judged = [judgeTakeover, judgeHaproxy, judgeBrokers].flatMap((judge) => judge(states).findings);
  return judged.map(({ text }) => text);
}

async function stateOf(target: Target, balancer: string): Promise<BalancerState> {
  const [condition, figures] = await Promise.all([
    target.shell(balancer, 'python3 /usr/local/lib/emqx-haproxy balancer.condition'),
    target.shell(balancer, 'cat /run/emqx-haproxy/metrics/*.prom'),
  ]);
  return { condition: parseCondition(condition), figures: parseFigures(figures) };
}

function describeLost(lost: readonly Missing[]): string {
  const [{ payload, publisher, subscriber } = { payload: '', publisher: '', subscriber: '' }] = lost;
  return `${lost.length} acknowledged messages lost, such as ${payload} from ${publisher} to ${subscriber}`;
}
