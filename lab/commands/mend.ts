import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { daemonRequest } from '../api/client';
import { commandVariable } from '../engine/environment';
import { paths, stateFolder } from '../paths';
import { stackName, type Program } from '../program';
import { step } from '../progress';
import { clear } from './clear';
import { pulumiOutput } from './pulumi';

const lockSchema = z.object({ pid: z.number() });
const stateSchema = z.looseObject({
  deployment: z.looseObject({ pending_operations: z.array(z.unknown()).optional() }),
});

/**
 * Puts a half-made lab right before the next run. A region that is gone takes all its resources with it, so state
 * that still names them is removed. After an engine that was killed, its lock goes and what only it knew of is swept.
 */
export async function mend(program: Program): Promise<void> {
  const working = engineAtWork();
  if (working !== undefined && isOrphan(working)) {
    await step('stopping the engine of a run that was killed', () => stopEngine(working));
  } else if (working !== undefined) {
    throw new Error(
      `another command works on the lab (pulumi, process ${working}): wait for it, or interrupt it with Ctrl-C there`,
    );
  }
  if (!(await regionAnswers())) {
    if (!existsSync(stateFolder)) return;
    await step('removing what a former lab left, since its region is gone', clear);
    return;
  }
  if (lockFiles().length === 0 && !hasPendingOperations(program)) return;
  await step('mending what an interrupted run left', () => mendState(program));
}

/** The process of an engine that holds the stack's lock and lives. */
export function engineAtWork(): number | undefined {
  return lockFiles()
    .map((file) => lockSchema.safeParse(readJson(file)).data?.pid)
    .find((pid) => pid !== undefined && isEngine(pid));
}

function lockFiles(): string[] {
  const locks = join(paths.pulumiState, '.pulumi', 'locks');
  if (!existsSync(locks)) return [];
  const files = readdirSync(locks, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.json')).map((file) => join(locks, file));
}

function isEngine(pid: number): boolean {
  return commandLine(pid)[0]?.endsWith('pulumi') ?? false;
}

/** True when the command that started the engine is gone: nobody waits for what it does. */
function isOrphan(pid: number): boolean {
  const stat = wordsOf(`/proc/${pid}/stat`)[0] ?? '';
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return !wordsOf(`/proc/${pid}/environ`).includes(`${commandVariable}=${parent ?? ''}`);
}

/** As Ctrl-C does: it finishes what it has begun, so that its state names all that exists; killed when it hangs. */
async function stopEngine(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGINT', 60_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!isEngine(pid)) return;
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while (isEngine(pid) && Date.now() < deadline) await new Promise((done) => setTimeout(done, 200));
  }
}

function commandLine(pid: number): string[] {
  return wordsOf(`/proc/${pid}/cmdline`);
}

/** What a file of /proc has between its zero bytes; nothing when the process is gone. */
function wordsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Whether the region is there, whatever it is up for. */
export async function regionAnswers(): Promise<boolean> {
  return daemonRequest('GET', '/health').then(
    () => true,
    () => false,
  );
}

function hasPendingOperations({ project }: Program): boolean {
  const file = join(paths.pulumiState, '.pulumi', 'stacks', project, `${stackName}.json`);
  return existsSync(file) && readFileSync(file, 'utf8').includes('"pending_operations"');
}

async function mendState(program: Program): Promise<void> {
  await pluginsEnded();
  await Promise.all(lockFiles().map((file) => rm(file, { force: true })));
  const exported = await pulumiOutput(program, ['stack', 'export', '--stack', stackName]);
  const state = stateSchema.parse(JSON.parse(exported));
  const { sweep } = await import('./sweep.js');
  const { pending_operations: pending, ...deployment } = state.deployment;
  for (const line of await sweep(deployment, program.region)) process.stderr.write(`  swept ${line}\n`);
  if (pending === undefined) return;
  const whole = JSON.stringify({ ...state, deployment });
  await pulumiOutput(program, ['stack', 'import', '--stack', stackName], whole);
}

/** A killed engine's plugins end by themselves, but may finish a call first, whose result would not be swept. */
async function pluginsEnded(): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const alive = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isPlugin(Number(pid)));
    if (alive.length === 0) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(
    'the plugins of an engine that was killed still run; end them, or wait, and run the command again',
  );
}

function isPlugin(pid: number): boolean {
  const programs = join(__dirname, '..', 'providers');
  const words = commandLine(pid);
  if (words.some((word) => word.startsWith(programs) && basename(word) === 'main.ts')) return true;
  // An official one says by its environment alone that it is the lab's.
  return basename(words[0] ?? '').startsWith('pulumi-resource-') && isOfLab(pid);
}

function isOfLab(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .includes(`PULUMI_HOME=${paths.pulumiHome}`);
  } catch {
    return false;
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
