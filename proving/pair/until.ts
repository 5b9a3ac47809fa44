import { setTimeout as pause } from 'node:timers/promises';
import { epochMs } from './probes';

const pollMs = 25;

type Condition = () => boolean | Promise<boolean>;

/** Waits for what a running stack has to come to. */
export async function until(
  what: string,
  limitMs: number,
  condition: Condition,
  everyMs = pollMs,
): Promise<void> {
  if (!(await untilOr(limitMs, condition, everyMs)))
    throw new Error(`not within ${limitMs / 1000} s: ${what}; look at the hosts' journals`);
}

/** False when the time is over first. */
export async function untilOr(limitMs: number, condition: Condition, everyMs = pollMs): Promise<boolean> {
  const deadline = epochMs() + limitMs;
  while (!(await condition())) {
    if (epochMs() > deadline) return false;
    await pause(everyMs);
  }
  return true;
}
