import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { igwNamespace, namespacePath } from '../fabric/addresses';
import { removeLeftovers } from '../machines/removal';
import { paths } from '../paths';

export type { MachineView } from './control';
export type { Fault } from './faults';

const startTimeoutMs = 60_000;
/** Machines get thirty seconds of power button only when asked by the API; a shutdown removes them at once. */
const stopTimeoutMs = 20_000;
const daemonFile = join(__dirname, '..', 'daemon.ts');

/**
 * Starts the lab's daemon unless it runs, and waits until it answers. The base network must be up. `packages` has a
 * folder for each host name that the region serves packages under.
 */
export async function startDaemon(region: {
  readonly name: string;
  readonly packages: string;
}): Promise<void> {
  if (await isHealthy()) return;
  await endProcess();
  mkdirSync(dirname(paths.daemonLog), { recursive: true });
  const log = openSync(paths.daemonLog, 'a');
  const node = [process.execPath, '--require', require.resolve('tsx/cjs'), daemonFile];
  const child = spawn(
    // Only the network: the daemon shares mounts, cgroups and processes with the machines that it makes.
    'nsenter',
    [`--net=${namespacePath(igwNamespace)}`, ...node, region.name, region.packages],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  let ended: string | undefined;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code) => (ended = `exit code ${String(code)}`));
  child.unref();
  const deadline = Date.now() + startTimeoutMs;
  while (!(await isHealthy())) {
    const late = Date.now() > deadline;
    if (ended !== undefined || late) {
      if (late) await endProcess();
      const why = ended ?? `no answer within ${startTimeoutMs / 1000} s`;
      throw new Error(
        `the lab's daemon did not start (${why}); its log ${paths.daemonLog} ends:\n${logTail()}`,
      );
    }
    await pause(pollMs);
  }
}

/** Ends the daemon with its machines and waits until it is gone; by force when it does not go by itself. */
export async function stopDaemon(): Promise<void> {
  const pid = ownPid();
  await daemonRequest('POST', '/shutdown').catch(() => undefined);
  const deadline = Date.now() + stopTimeoutMs;
  while (pid !== undefined && isOurs(pid) && Date.now() < deadline) await pause(pollMs);
  await endProcess();
  // Of a daemon that was killed, or that had to be.
  await removeLeftovers();
  rmSync(paths.daemonSocket, { force: true });
  rmSync(paths.daemonPid, { force: true });
}

/** A request to the daemon's control socket: what it answers, as JSON; an error answer is thrown. */
export async function daemonRequest(method: string, path: string, body?: object): Promise<unknown> {
  const { status, text } = await new Promise<{ status: number; text: string }>((done, failed) => {
    const outgoing = request({ socketPath: paths.daemonSocket, method, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', failed);
      answer.on('end', () => done({ status: answer.statusCode ?? 0, text }));
    });
    outgoing.on('error', (error) => {
      failed(new Error(`the lab is not running (${error.message}); start it with: npx local-ec2 up`));
    });
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const output: unknown = JSON.parse(text);
  if (status < 300) return output;
  const message = typeof output === 'object' && output !== null && 'error' in output ? output.error : text;
  throw new Error(`lab daemon: ${method} ${path}: ${String(message)}`);
}

const pollMs = 50;

async function isHealthy(): Promise<boolean> {
  return daemonRequest('GET', '/health').then(
    () => true,
    () => false,
  );
}

function pause(durationMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, durationMs));
}

/** The process of the pid file, when it is this checkout's daemon and not another that got its number. */
function ownPid(): number | undefined {
  if (!existsSync(paths.daemonPid)) return undefined;
  const pid = Number(readFileSync(paths.daemonPid, 'utf8'));
  return Number.isInteger(pid) && pid > 1 && isOurs(pid) ? pid : undefined;
}

function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(daemonFile);
  } catch {
    return false;
  }
}

async function endProcess(): Promise<void> {
  const pid = ownPid();
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  while (isOurs(pid)) await pause(pollMs);
}

function logTail(): string {
  if (!existsSync(paths.daemonLog)) return '(no log)';
  return readFileSync(paths.daemonLog, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
