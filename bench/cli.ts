import type { Benchmark } from './benchmark';

/** Each in a file of its own, loaded only when it is asked for. */
const benchmarks: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  changes: () => import('./changes.js'),
  dataplane: () => import('./dataplane.js'),
  'failed-logins': () => import('./failedLogins.js'),
  failover: () => import('./failover.js'),
  'host-programs': () => import('./hostPrograms.js'),
  lab: () => import('./lab.js'),
  languages: () => import('./languages.js'),
  restarts: () => import('./restarts.js'),
  settings: () => import('./settings.js'),
  'source-ports': () => import('./sourcePorts.js'),
};

/** `npm run bench -- NAME [options]`. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  const load = name !== undefined && Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (load === undefined) {
    const known = Object.keys(benchmarks).join('|');
    process.stderr.write(
      `bench: ${name ?? 'nothing'} was given; usage: npm run bench -- ${known} [options]\n`,
    );
    return 2;
  }
  const { benchmark } = await load();
  return benchmark(args);
}

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
