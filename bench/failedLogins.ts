import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { preflight } from '../lab/commands/preflight';
import { run } from '../lab/process';
import { ensureCheckImage } from '../proving/checkImage';
import type { Benchmark } from './benchmark';
import { systems } from './dataplane/systems';
import { type Phase, reportMarkdown, type Results } from './failedLogins/report';
import { describeThisMachine } from './machine';
import { publishFile } from './published';

/**
 * `npm run bench -- failed-logins [--runs N]`: what 10,000 clients with a wrong password cost those with the right one,
 * with and without `failedLogins`, on both HAProxys, in a network of its own. Writes docs/benchmarks/failed-logins.md.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string', default: '3' } } });
  if (!/^[1-9]\d*$/.test(values.runs))
    throw new Error(`--runs takes a whole number from 1, and not ${values.runs}`);
  await preflight(['mosquitto', 'python3', 'procps']);
  for (const { os } of Object.values(systems)) await ensureCheckImage(os);
  const runs: (readonly Phase[])[] = [];
  const loads: number[] = [];
  for (let number = 1; number <= Number(values.runs); number += 1) {
    process.stderr.write(`run ${number} of ${values.runs}\n`);
    runs.push(await oneRun());
    loads.push(loadavg()[0] ?? NaN);
  }
  const results: Results = { machine: await describe(loads), runs };
  await publishFile('failed-logins.json', JSON.stringify(results));
  await publishFile('failed-logins.md', reportMarkdown(results));
  return 0;
};

/** In a network without devices: its addresses may be in use on this host, and nothing of the load may leave. */
async function oneRun(): Promise<readonly Phase[]> {
  const inside = join(__dirname, 'failedLogins', 'inside.ts');
  const child = spawn('unshare', ['--net', process.execPath, ...process.execArgv, inside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`a run ended with exit code ${String(code)}`);
  return JSON.parse(text) as readonly Phase[];
}

async function describe(loads: readonly number[]): Promise<Results['machine']> {
  const mosquitto = await run('dpkg-query', ['--show', '--showformat=${Version}', 'mosquitto']);
  return {
    ...describeThisMachine(),
    HAProxy: Object.values(systems)
      .map(({ haproxyVersion, os }) => `${haproxyVersion} of ${os}`)
      .join(', '),
    brokers: `three mosquitto ${mosquitto.trim()} with a password file, PROXY protocol off`,
    clients: `Node ${process.version}`,
    'load average when runs ended': loads.map((load) => load.toFixed(1)).join(', '),
  };
}
