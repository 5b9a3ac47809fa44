import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { preflight } from '../lab/commands/preflight';
import { ensureCheckImage } from '../proving/checkImage';
import type { Benchmark } from './benchmark';
import { metrics, type MeasurementName } from './dataplane/metrics';
import { pages } from './dataplane/pages';
import { ratioPlot } from './dataplane/plot';
import { reportMarkdown } from './dataplane/report';
import { describeMachine, readSamples, writeSamples } from './dataplane/results';
import { systems } from './dataplane/systems';
import { publishFile } from './published';

const neededPackages = ['mosquitto', 'nginx', 'libnginx-mod-stream', 'python3', 'procps', 'strace'];

/**
 * `npm run bench -- dataplane [--runs N] [--only NAME,...] [--fresh]`: ours against direct connections, nginx and the
 * guide's configuration, in namespaces of its own. What has its runs is not measured again, unless it is named by
 * --only or --fresh is given; so an interrupted benchmark goes on where it was, a measurement at a time.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      only: { type: 'string' },
      fresh: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1, and not ${values.runs}`);
  if (values.fresh) writeSamples([]);
  const chosen =
    values.only === undefined ? names.filter((name) => isMissing(name, runs)) : named(values.only);
  await preflight(neededPackages);
  for (const { os } of Object.values(systems)) await ensureCheckImage(os);
  const exitCode = chosen.length === 0 ? 0 : await measure(runs, chosen);
  await publish(chosen);
  return exitCode;
};

const names = Object.keys(metrics) as MeasurementName[];

function named(only: string): readonly MeasurementName[] {
  const wanted = only.split(',');
  const unknown = wanted.filter((name) => !names.some((known) => known === name));
  if (unknown.length > 0)
    throw new Error(`--only names ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

function isMissing(name: MeasurementName, runs: number): boolean {
  return !readSamples().some(({ measurement, round }) => measurement === name && round >= runs);
}

/** In a network without devices: its addresses may be in use on this host, and nothing of the load may leave. */
async function measure(runs: number, chosen: readonly MeasurementName[]): Promise<number> {
  const inside = [join(__dirname, 'dataplane', 'inside.ts'), String(runs), ...chosen];
  const child = spawn('unshare', ['--net', process.execPath, ...process.execArgv, ...inside], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** Pages with something new. */
async function publish(chosen: readonly MeasurementName[]): Promise<void> {
  const machine = await describeMachine();
  for (const page of pages) {
    if (!page.measurements.some((name) => chosen.includes(name))) continue;
    const samples = readSamples().filter(({ measurement }) => page.measurements.includes(measurement));
    const results = { machine, samples };
    await publishFile(`${page.name}.json`, JSON.stringify(results));
    await publishFile(`${page.name}.md`, reportMarkdown(results, page));
    if (page.plot) await publishFile(`${page.name}.svg`, ratioPlot(results));
  }
}
