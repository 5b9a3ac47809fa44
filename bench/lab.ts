import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { paths } from '../lab/paths';
import { repositoryRoot } from '../proving/product';
import type { Benchmark } from './benchmark';
import { publishFile } from './published';

/**
 * `npm run bench -- lab [--runs N]`: how long the lab's verbs take with everything cached, what it needs of memory, and
 * how a preview without changes compares with that of a program which starts the same providers and makes nothing.
 * Writes docs/benchmarks/lab.json and prints the table that the README quotes.
 */
interface Measured {
  readonly name: string;
  readonly unit: 's' | 'MiB' | 'times';
  readonly values: readonly number[];
}

export const benchmark: Benchmark = async (args) => {
  const runs = args.includes('--runs') ? Number(args[args.indexOf('--runs') + 1]) : 3;
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1, and not ${runs}`);
  timed('down');
  const rounds = Array.from({ length: runs }, round);
  const of = (name: string, unit: Measured['unit'], value: (round: Round) => number): Measured => ({
    name,
    unit,
    values: rounds.map(value),
  });
  const results: Measured[] = [
    of('start (up and verify)', 's', ({ start }) => start),
    of('up without changes', 's', ({ up }) => up),
    of('preview without changes', 's', ({ preview }) => preview),
    of('preview of an empty program with the same providers', 's', ({ emptyPreview }) => emptyPreview),
    of(
      'preview, to that of the empty program',
      'times',
      ({ preview, emptyPreview }) => preview / emptyPreview,
    ),
    of('verify', 's', ({ verify }) => verify),
    of('down', 's', ({ down }) => down),
    of('memory of all processes', 'MiB', ({ memoryMib }) => memoryMib),
  ];
  const machine = {
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
  await publishFile('lab.json', JSON.stringify({ machine, runs, results: results.map(summarized) }));
  process.stdout.write(
    `| what | median | least to most |\n| --- | --- | --- |\n${results.map(row).join('\n')}\n`,
  );
  return 0;
};

interface Round {
  readonly start: number;
  readonly memoryMib: number;
  readonly up: number;
  readonly preview: number;
  readonly emptyPreview: number;
  readonly verify: number;
  readonly down: number;
}

function round(): Round {
  const start = timed('start');
  const memoryMib = labMemoryMib();
  const up = timed('up');
  pulumi('--cwd', emptyProgram, 'stack', 'select', '--create', 'empty');
  // In turn, and three times, so that both stand on an equally busy machine.
  const previews = [1, 2, 3].map(() => ({
    ours: pulumi('preview', '--expect-no-changes'),
    empty: pulumi('--cwd', emptyProgram, 'preview', '--stack', 'empty'),
  }));
  return {
    start,
    memoryMib,
    up,
    preview: median(previews.map(({ ours }) => ours)),
    emptyPreview: median(previews.map(({ empty }) => empty)),
    verify: timed('verify'),
    down: timed('down'),
  };
}

const emptyProgram = join(__dirname, 'lab', 'empty');

const pulumi = (...args: readonly string[]): number => timed('pulumi', '--', ...args);

/** Seconds that a verb of the lab took. */
function timed(verb: string, ...args: readonly string[]): number {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync('npx', ['tsx', 'lab/cli.ts', verb, ...args], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`lab ${[verb, ...args].join(' ')} failed (exit ${String(status)})\n${stdout}${stderr}`);
  return (performance.now() - begun) / 1000;
}

/** Proportional set size of the region's process and all that it started, so that shared pages count once. */
function labMemoryMib(): number {
  const parents = new Map(
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((pid) => [pid, field(`/proc/${pid}/status`, /^PPid:\s+(\d+)/m)]),
  );
  const all = new Set([readFileSync(paths.daemonPid, 'utf8').trim()]);
  for (const ancestor of all) for (const [pid, parent] of parents) if (parent === ancestor) all.add(pid);
  const kib = [...all].map((pid) => Number(field(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m) ?? 0));
  return kib.reduce((sum, each) => sum + each, 0) / 1024;
}

function field(path: string, pattern: RegExp): string | undefined {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1];
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}

function summarized({ name, unit, values }: Measured): Measured & { readonly median: number } {
  return { name, unit, values, median: median(values) };
}

function row({ name, unit, values }: Measured): string {
  const digits = { s: 1, MiB: 0, times: 2 }[unit];
  const shown = (value: number) => `${value.toFixed(digits)} ${unit}`;
  return `| ${name} | ${shown(median(values))} | ${shown(Math.min(...values))} to ${shown(Math.max(...values))} |`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
