import { setTimeout as pause } from 'node:timers/promises';
import type { Result } from './checks';

type Told = ReadonlyMap<string, string>;

/**
 * Repeats a verification, `pauseMs` after each, until it is interrupted, and says what changed: a line for each thing
 * that is newly wrong, one for each that is right again. Gives the results of the last.
 */
export async function watch(
  look: () => Promise<readonly Result[]>,
  pauseMs: number,
  say: (line: string) => void,
  interrupted: AbortSignal,
): Promise<readonly Result[]> {
  let known: Told = new Map();
  let last: readonly Result[] = [];
  for (let round = 0; !interrupted.aborted; round += 1) {
    last = await look().catch((error: unknown) => [unable(error)]);
    const now = wrongIn(last);
    const lines = changes(known, now);
    if (round === 0 && now.size === 0) lines.push(`ok    ${last.length} checks; what changes is said here`);
    for (const line of lines) say(`${new Date().toISOString().slice(0, 19)}Z  ${line}`);
    known = now;
    await pause(pauseMs, undefined, { signal: interrupted }).catch(() => undefined);
  }
  return last;
}

/** Lines for what is wrong now and was not, and the other way round. */
export function changes(before: Told, now: Told): string[] {
  const added = [...now].filter(([key]) => !before.has(key)).map(([, line]) => line);
  const gone = [...before].filter(([key]) => !now.has(key)).map(([, line]) => `ended ${line}`);
  return [...gone, ...added];
}

/** A line by a key that stays the same while figures in it move. */
export function wrongIn(results: readonly Result[]): Told {
  return new Map(
    results
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ name, verdict, detail }) => [
        `${verdict} ${name} ${detail.replaceAll(/\b\d+(\.\d+)?\b/g, '#')}`,
        `${verdict === 'fail' ? 'FAIL' : 'warn'}  ${name}: ${detail}`,
      ]),
  );
}

function unable(error: unknown): Result {
  const detail = error instanceof Error ? error.message : String(error);
  return { name: 'verify', verdict: 'fail', detail, durationMs: 0 };
}
