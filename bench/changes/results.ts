import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { labHome } from '../../lab/paths';

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
  if (!existsSync(file)) return [];
  const parsed = z.array(sampleSchema).safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} holds samples of another version of the benchmark; begin anew with --fresh`);
}

/** In one step, so that an interrupt leaves the former ones. */
export function writeSamples(samples: readonly Sample[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(samples));
  renameSync(`${file}.new`, file);
}
