import { join } from 'node:path';
import { z } from 'zod';
import { labHome } from '../../lab/paths';
import { readKept, writeKept } from '../kept';

const sampleSchema = z.object({
  change: z.string(),
  at: z.string(),
  clients: z.number(),
  /** Clients that lost a connection. */
  cut: z.number(),
  /** Connections lost, by all. */
  cuts: z.number(),
  /** Connections lost by whoever lost most. */
  mostCuts: z.number(),
  /** The longest that a client was without a connection. */
  longestMs: z.number(),
  /** What half of those that were cut stayed below. */
  halfMs: z.number(),
  /** In which all clients came in before the change, at once. */
  cameInMs: z.number(),
  acknowledged: z.number(),
  lost: z.number(),
  /** Of the `up`. */
  seconds: z.number(),
  /** When it was over. */
  loadAverage: z.number(),
});

/** One change, measured once. */
export type Sample = z.infer<typeof sampleSchema>;

/** What docs/benchmarks/changes.json holds. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

const file = join(labHome, 'bench', 'changes-samples.json');

/** Those of earlier runs, which a run adds to. */
export function readSamples(): readonly Sample[] {
  return readKept(file, sampleSchema);
}

export function writeSamples(samples: readonly Sample[]): void {
  writeKept(file, samples);
}
