import { summarize } from '../statistics';

/** The middle of what was measured, and how far it went. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const summary = summarize(values);
  if (summary === undefined) return undefined;
  return { median: summary.median, least: Math.min(...values), most: summary.max };
}
