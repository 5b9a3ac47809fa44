import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCheckImage, runInCheckImage } from '../../proving/checkImage';
import { labHome } from '../../lab/paths';
import { run } from '../../lab/process';
import type { ContestantName } from './contestant';
import { writeKept } from '../kept';
import { describeThisMachine } from '../machine';
import type { MeasurementName } from './metrics';
import { systems } from './systems';

/** One figure of one round. */
export interface Sample {
  readonly measurement: MeasurementName;
  readonly metric: string;
  readonly contestant: ContestantName;
  readonly round: number;
  /** Null: it did not come about. */
  readonly value: number | null;
  /** Of the minute before, when the round ended. */
  readonly loadAverage: number;
}

/** What docs/benchmarks/dataplane.json holds. */
export interface Results {
  readonly machine: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

const samplesFile = join(labHome, 'bench', 'dataplane-samples.json');

/** Of earlier measurements; none when there were none. */
export function readSamples(): readonly Sample[] {
  // Written by `writeSamples` below.
  return existsSync(samplesFile) ? (JSON.parse(readFileSync(samplesFile, 'utf8')) as readonly Sample[]) : [];
}

export function writeSamples(samples: readonly Sample[]): void {
  writeKept(samplesFile, samples);
}

/** What the figures were measured on. */
export async function describeMachine(): Promise<Readonly<Record<string, string>>> {
  const haproxys: [string, string][] = [];
  for (const { os, haproxyVersion } of Object.values(systems)) {
    await ensureCheckImage(os);
    const said = (await runInCheckImage(os, ['haproxy', '-vv'])).stdout;
    haproxys.push([
      `HAProxy ${haproxyVersion}`,
      [/^HAProxy version (\S+)/m, /^Running on (OpenSSL version : .*)$/m]
        .map((pattern) => pattern.exec(said)?.[1] ?? 'unknown')
        .join(' with ')
        .replace(' version :', ''),
    ]);
  }
  return {
    ...describeThisMachine(),
    ...Object.fromEntries(haproxys),
    nginx: await debianVersion('nginx'),
    broker: `three mosquitto ${await debianVersion('mosquitto')}, without persistence and log, PROXY protocol off`,
    clients: `Python ${(await run('python3', ['--version'])).replace('Python ', '').trim()}`,
  };
}

async function debianVersion(name: string): Promise<string> {
  return (await run('dpkg-query', ['--show', '--showformat=${Version}', name])).trim();
}
