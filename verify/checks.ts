/** What a check found: `warn` is something that an operator should know of while the service is whole. */
export type Verdict = 'pass' | 'warn' | 'fail';

export interface Result {
  readonly name: string;
  readonly verdict: Verdict;
  /** One line: what was proved, or what was expected and seen instead. */
  readonly detail: string;
  readonly durationMs: number;
}

/** One thing that is not as it should be, and what to do about it, in a line. */
export interface Finding {
  readonly verdict: Exclude<Verdict, 'pass'>;
  readonly text: string;
}

/** What a look at several things found; `proved` is said when that is nothing. */
export interface Survey {
  readonly findings: readonly Finding[];
  readonly proved: string;
}

/** How long a service that is just moving or restarting may take to settle. */
export const settleMs = 10_000;

/** A check that found something else than it expected. */
export class Unexpected extends Error {
  constructor(expected: string, seen: string) {
    super(`expected ${expected}; saw ${seen}`);
  }
}

/** Something that deserves a look and breaks nothing. */
export class Warning extends Error {}

/** Runs one check; the string that it returns says what it proved. */
export async function check(name: string, work: () => Promise<string>): Promise<Result> {
  const [result] = await timed(name, async () => [{ verdict: 'pass', text: await work() }]);
  return result;
}

/** Looks until nothing is wrong or the time is up: a result for each finding, or one that says what was proved. */
export async function survey(
  name: string,
  look: () => Promise<Survey>,
  limitMs = settleMs,
  pauseMs = 1_000,
): Promise<readonly Result[]> {
  return timed(name, async () => {
    const end = performance.now() + limitMs;
    for (;;) {
      const { findings, proved } = await look();
      const [first, ...more] = findings;
      if (first === undefined) return [{ verdict: 'pass', text: proved }];
      const mayPass = findings.some(({ verdict }) => verdict === 'fail');
      if (!mayPass || performance.now() + pauseMs >= end) return [first, ...more];
      await pause(pauseMs);
    }
  });
}

type Told = { readonly verdict: Verdict; readonly text: string };

async function timed(
  name: string,
  work: () => Promise<readonly [Told, ...Told[]]>,
): Promise<readonly [Result, ...Result[]]> {
  const begun = performance.now();
  const result = ({ verdict, text }: Told): Result => ({
    name,
    verdict,
    detail: text,
    durationMs: Math.round(performance.now() - begun),
  });
  try {
    const [first, ...more] = await work();
    return [result(first), ...more.map(result)];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [result({ verdict: error instanceof Warning ? 'warn' : 'fail', text })];
  }
}

/**
 * Tries until it works or the time is up, for a service that is just moving; then throws what the last try threw.
 * `pauseMs` lies between two tries.
 */
export async function eventually<T>(limitMs: number, pauseMs: number, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() + pauseMs >= end) throw error;
    }
    await pause(pauseMs);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, milliseconds));
}
