import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { step } from '../../lab/progress';
import { contestantTitles, type Contestant } from './contestant';
import type { Measurement } from './measurement';
import { ticketAgeSeconds, type MeasurementName } from './metrics';
import type { Sample } from './results';
import type { Site } from './site';
import { startContestant } from './start';

type AnyMeasurement = { readonly [M in MeasurementName]: Measurement<M> }[MeasurementName];
type AnyFigures = Readonly<Record<string, number | null>>;
type Started = ReadonlyMap<string, Contestant>;

/**
 * Measures one after the other, and in each its contestants in turn, round after round, so that what else the
 * machine does hits all of them alike. What needs old tickets gets them first and is measured last.
 */
export async function measureAll(
  site: Site,
  chosen: readonly AnyMeasurement[],
  rounds: number,
  record: (measurement: MeasurementName, samples: readonly Sample[]) => void,
): Promise<void> {
  const prepared = new Map<AnyMeasurement, Started>();
  for (const measurement of chosen) {
    const { prepare } = measurement;
    if (prepare === undefined) continue;
    const started = await startAll(site, measurement);
    prepared.set(measurement, started);
    for (let round = 1; round <= rounds; round += 1)
      for (const contestant of started.values())
        await step(title(measurement, contestant, round, 'tickets'), () => prepare(site, contestant, round));
  }
  const preparedAt = performance.now();
  for (const measurement of chosen) {
    if (prepared.has(measurement)) continue;
    const started = measurement.freshEachRound === true ? undefined : await startAll(site, measurement);
    record(measurement.name, await measureOne(site, measurement, rounds, started));
    await stopAll(started);
  }
  if (prepared.size > 0)
    await step('letting tickets grow old', () =>
      pause(Math.max(0, preparedAt + ticketAgeSeconds * 1_000 - performance.now())),
    );
  for (const [measurement, started] of prepared) {
    record(measurement.name, await measureOne(site, measurement, rounds, started));
    await stopAll(started);
  }
}

/** Without `started` each contestant is started for its round and stopped after it. */
async function measureOne(
  site: Site,
  measurement: AnyMeasurement,
  rounds: number,
  started: Started | undefined,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds * (measurement.repeats ?? 1); round += 1) {
    for (const name of rotated(measurement.contestants, round - 1)) {
      const contestant = started?.get(name) ?? (await startContestant(name, site, measurement.options));
      const figures = await step<AnyFigures>(title(measurement, contestant, round), () =>
        measurement.measure(site, contestant, round),
      );
      if (started === undefined) await contestant.stop();
      show(title(measurement, contestant, round), figures);
      const [loadAverage = 0] = loadavg();
      for (const [metric, value] of Object.entries(figures))
        samples.push({ measurement: measurement.name, metric, contestant: name, round, value, loadAverage });
    }
  }
  return samples;
}

/** Nobody is always measured after the same one: what that leaves behind, sockets in TIME_WAIT say, costs the next. */
function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}

async function startAll(site: Site, { contestants, options }: AnyMeasurement): Promise<Started> {
  const started = new Map<string, Contestant>();
  for (const name of contestants) started.set(name, await startContestant(name, site, options));
  return started;
}

async function stopAll(started: Started | undefined): Promise<void> {
  for (const contestant of started?.values() ?? []) await contestant.stop();
}

function title({ name }: AnyMeasurement, contestant: Contestant, round: number, what = 'round'): string {
  return `${name}, ${contestantTitles[contestant.name]}, ${what} ${round}`;
}

function show(what: string, figures: AnyFigures): void {
  const values = Object.entries(figures).map(([metric, value]) =>
    value === null ? `${metric} -` : `${metric} ${Number(value.toPrecision(4))}`,
  );
  process.stderr.write(`${what}: ${values.join(', ')}\n`);
}
