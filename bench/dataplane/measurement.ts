import type { Contestant, ContestantName, ContestantOptions } from './contestant';
import type { Figures, MeasurementName } from './metrics';
import type { Site } from './site';

/** Something that is measured at each of its contestants in turn, a number of rounds. */
export interface Measurement<M extends MeasurementName> {
  readonly name: M;
  readonly contestants: readonly ContestantName[];
  readonly options: ContestantOptions;
  /** Over in a second, so measured so many times as often as the others. */
  readonly repeats?: number;
  /** Memory is not given back and former workers stay: such a round begins with new processes. */
  readonly freshEachRound?: true;
  /** What must happen long before: it is called for all rounds first, and its contestants go on meanwhile. */
  readonly prepare?: (site: Site, contestant: Contestant, round: number) => Promise<void>;
  readonly measure: (site: Site, contestant: Contestant, round: number) => Promise<Figures<M>>;
}

export const plainOptions: ContestantOptions = { tls: 'mqtts', pair: false, watched: false };

/** A prefix of client ids that no other round has. */
export function prefixOf(contestant: Contestant, what: string, round: number): string {
  return `${contestant.name}-${what}-${round}`;
}

/** Fails when clients were refused: what was measured would be something else. */
export function requireAll({ failed }: { readonly failed: number }, what: string): void {
  if (failed > 0) throw new Error(`${failed} clients were refused: ${what}`);
}
