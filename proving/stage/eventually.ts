import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats what fails until it succeeds; its last failure when the time is over. */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 5_000, intervalMs = 50 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await sleep(intervalMs);
    }
  }
}
