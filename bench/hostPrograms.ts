import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { preflight } from '../lab/commands/preflight';
import { paths } from '../lab/paths';
import { run } from '../lab/process';
import { repositoryRoot } from '../proving/product';
import type { Benchmark } from './benchmark';
import { exposures } from './hostPrograms/exposure';
import { publishPart, thisMachine } from './hostPrograms/publish';
import type { Watching } from './hostPrograms/report';

/** A process of a small machine may have 20,000 descriptors, and a session takes two of HAProxy's. */
const workers = 6;
const sessionsOfEach = 8_400;
const lookSeconds = 60;
const failures = 20;

/**
 * `npm run bench -- host-programs [--runs N] [--restarts N]`: what haproxy-watch costs at 50,000 sessions, how soon a reload
 * that fails is told, and whether a fault stays after so many restarts of HAProxy (1,000 in each run). Writes
 * docs/benchmarks/host-programs.md.
 */
export const benchmark: Benchmark = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: '1' }, restarts: { type: 'string', default: '1000' } },
  });
  for (const [name, text] of Object.entries(values))
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} takes a whole number from 1, and not ${text}`);
  await preflight(['haproxy', 'python3', 'iproute2']);
  const runs: Watching[] = [];
  for (let number = 1; number <= Number(values.runs); number += 1) {
    process.stderr.write(`run ${number} of ${values.runs}\n`);
    runs.push(await oneRun(values.restarts));
  }
  const machine = { ...thisMachine(), ...(await versions()) };
  await publishPart({ watching: { machine, runs }, exposure: await exposures() });
  return 0;
};

/** In a network without devices, since nothing of it may meet what listens on this host. */
async function oneRun(restarts: string): Promise<Watching> {
  const program = join(__dirname, 'hostPrograms', 'measure.py');
  const sizes = [workers, sessionsOfEach, lookSeconds, failures].map(String);
  const python = join(paths.venv, 'bin', 'python');
  // As a balancer has it.
  const ports = 'sysctl --quiet --write net.ipv4.ip_local_port_range="1025 65535"';
  const script = `ip link set lo up && ${ports} && exec "$@"`;
  const child = spawn('unshare', ['--net', 'sh', '-c', script, 'sh', python, program, ...sizes, restarts], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PYTHONPATH: ['host', 'host/tests', 'host/balancer/tests']
        .map((folder) => join(repositoryRoot, folder))
        .join(':'),
    },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`a run ended with exit code ${String(code)}`);
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Watching;
}

async function versions(): Promise<Readonly<Record<string, string>>> {
  const haproxy = await run('haproxy', ['-v']);
  const python = await run(join(paths.venv, 'bin', 'python'), ['--version']);
  return {
    HAProxy: /version (\S+)/.exec(haproxy)?.[1] ?? 'unknown',
    Python: python.trim().replace('Python ', ''),
  };
}
