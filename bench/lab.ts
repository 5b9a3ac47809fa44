import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { paths } from '../lab/paths';
import { repositoryRoot } from '../proving/product';
import type { Benchmark } from './benchmark';
import { publishFile } from './published';

/**
 * `npm run bench -- lab [--runs N]`: how long the lab's verbs take with everything cached, and what it needs of memory.
 * Writes docs/benchmarks/lab.json and prints the table that the README quotes.
 */
interface Measured {
  readonly name: string;
  readonly unit: 's' | 'MiB';
  readonly values: readonly number[];
}

export const benchmark: Benchmark = async (args) => {
  const runs = args.includes('--runs') ? Number(args[args.indexOf('--runs') + 1]) : 3;
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1, and not ${runs}`);
  timed('down');
  const rounds = Array.from({ length: runs }, round);
  const names = ['start (up and verify)', 'up without changes', 'verify', 'down'] as const;
  const results: Measured[] = [
    ...names.map((name, index) => ({
      name,
      unit: 's' as const,
      values: rounds.map(({ seconds }) => seconds[index] ?? NaN),
    })),
    { name: 'memory of all processes', unit: 'MiB', values: rounds.map(({ memoryMib }) => memoryMib) },
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

function round(): { readonly seconds: readonly number[]; readonly memoryMib: number } {
  const start = timed('start');
  const memoryMib = labMemoryMib();
  return { seconds: [start, timed('up'), timed('verify'), timed('down')], memoryMib };
}

function timed(verb: string): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync('npx', ['tsx', 'lab/cli.ts', verb], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`lab ${verb} failed (exit ${String(status)})\n${stderr}`);
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
  const shown = (value: number) => `${value.toFixed(unit === 's' ? 1 : 0)} ${unit}`;
  return `| ${name} | ${shown(median(values))} | ${shown(Math.min(...values))} to ${shown(Math.max(...values))} |`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
