import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a condition that nothing announces, asking every few milliseconds; throws when it does not come true. */
export async function until(
  what: string,
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
  intervalMs = 5,
): Promise<void> {
  if (!(await isTrueWithin(timeoutMs, condition, intervalMs))) {
    throw new Error(`lab: waited ${timeoutMs / 1000} s in vain until ${what}`);
  }
}

/** Whether a condition comes true in time. */
export async function isTrueWithin(
  timeoutMs: number,
  condition: () => boolean | Promise<boolean>,
  intervalMs = 5,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await pause(intervalMs);
  }
  return true;
}
