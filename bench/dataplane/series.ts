import type { ContestantName } from './contestant';
import type { MeasurementName } from './metrics';
import type { Sample } from './results';
import { spreadOf, type Spread } from './statistics';

/** The values of a metric by contestant and round. */
export class Series {
  constructor(
    private readonly samples: readonly Sample[],
    measurement: MeasurementName,
    metric: string,
  ) {
    this.samples = samples.filter((each) => each.measurement === measurement && each.metric === metric);
  }

  /** In the order in which they were measured. */
  get contestants(): readonly ContestantName[] {
    return [...new Set(this.samples.map(({ contestant }) => contestant))];
  }

  /** Null where it did not come about; empty where it was not measured. */
  values(contestant: ContestantName): readonly (number | null)[] {
    return this.samples.filter((each) => each.contestant === contestant).map(({ value }) => value);
  }

  /** Of those that came about. */
  spread(contestant: ContestantName): Spread | undefined {
    return spreadOf(this.values(contestant).filter((value) => value !== null));
  }

  /** Of each round, so that what slowed both of them counts for neither; none where one has no value. */
  ratios(of: ContestantName, to: ContestantName): readonly number[] {
    const base = new Map(
      this.samples.flatMap(({ contestant, round, value }) =>
        contestant === to && value !== null && value !== 0 ? [[round, value] as const] : [],
      ),
    );
    return this.samples.flatMap(({ contestant, round, value }) => {
      const divisor = base.get(round);
      return contestant === of && value !== null && divisor !== undefined ? [value / divisor] : [];
    });
  }
}
