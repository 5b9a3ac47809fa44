/** What the chaos suite is told by tests/run.ts. */
export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Undefined: one step after the other, from the first. */
  readonly only: number | undefined;
}

/** Among all suites: short, and the same steps each time, since a failure there should be of what was changed. */
const shortMinutes = 2;
const shortSeed = 1;

/** From CHAOS_SEED, CHAOS_MINUTES and CHAOS_STEP. A seed that is not given is drawn, if the minutes are. */
export function chaosOptions(environment: Readonly<Record<string, string | undefined>>): ChaosOptions {
  const { CHAOS_SEED: seed, CHAOS_MINUTES: minutes, CHAOS_STEP: step } = environment;
  const otherSeed = minutes === undefined ? shortSeed : Math.floor(Math.random() * 1_000_000);
  return {
    seed: seed === undefined ? otherSeed : wholeNumber('seed', seed, 0),
    minutes: minutes === undefined ? shortMinutes : wholeNumber('minutes', minutes, 1),
    only: step === undefined ? undefined : wholeNumber('step', step, 0),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new Error(`--${name} takes a whole number from ${least}, and not ${text}`);
}
