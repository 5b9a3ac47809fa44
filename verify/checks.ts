/** What a check found: `warn` is something that an operator should know of while the service is whole. */
export type Verdict = 'pass' | 'warn' | 'fail';

export interface Result {
  readonly name: string;
  readonly verdict: Verdict;
  /** One line: what was proved, or what was expected and seen instead. */
  readonly detail: string;
  readonly durationMs: number;
}

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
  const begun = performance.now();
  const result = (verdict: Verdict, detail: string): Result => ({
    name,
    verdict,
    detail,
    durationMs: Math.round(performance.now() - begun),
  });
  try {
    return result('pass', await work());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return result(error instanceof Warning ? 'warn' : 'fail', message);
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
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
}
