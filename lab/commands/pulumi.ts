import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandVariable, labEnvironment } from '../engine/environment';
import { ensureEngine } from '../engine/install';
import { logFolder } from '../paths';
import { run } from '../process';
import type { Program } from '../program';
import { Interrupted, withInterrupts } from './interrupt';
import { refuseOthers } from './occupant';

/** The commands that read the stack's configuration file. */
const readsConfiguration = ['config', 'destroy', 'import', 'preview', 'refresh', 'up', 'update', 'watch'];

/** Runs the engine on a program, in the lab's environment, and gives what it prints on standard output. */
export async function pulumiOutput(
  program: Program,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { engine, env } = await engineFor(program);
  return run(engine, withStackFile(program, args), {
    cwd: program.folder,
    env,
    ...(input === undefined ? {} : { input }),
  });
}

async function engineFor(
  program: Program,
): Promise<{ readonly engine: string; readonly env: NodeJS.ProcessEnv }> {
  refuseOthers(program);
  const [engine, env] = await Promise.all([ensureEngine(), labEnvironment(program)]);
  return { engine, env: { ...env, [commandVariable]: String(process.pid) } };
}

export interface PulumiOptions {
  /** Also write all output to .lab/log/NAME.log. */
  readonly log?: string;
}

/**
 * Runs the engine on a program with its output streamed, and gives its exit code. The first interrupt asks the engine
 * to stop when what it is doing is done, the second kills it.
 */
export async function pulumi(
  program: Program,
  args: readonly string[],
  options: PulumiOptions = {},
): Promise<number> {
  const { engine, env } = await engineFor(program);
  const logged = options.log !== undefined;
  const child = spawn(engine, withStackFile(program, args), {
    cwd: program.folder,
    env,
    // Of its own group, or the terminal would interrupt it beside us, and two interrupts mean "at once" to it. With
    // the terminal handed on it has to stay in the group that may read from it.
    detached: logged,
    stdio: logged ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  if (options.log !== undefined) {
    mkdirSync(logFolder, { recursive: true });
    const log = createWriteStream(pulumiLog(options.log));
    child.stdout?.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      log.write(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      log.write(chunk);
    });
    child.on('close', () => log.end());
  }
  const interrupts = { count: 0 };
  const interrupt = (press: number) => {
    interrupts.count = press;
    if (press === 1) {
      process.stderr.write('\n  stopping when what is under way is done; again to stop at once\n');
      // A terminal interrupts all of its foreground group by itself.
      if (logged || !process.stdin.isTTY) child.kill('SIGINT');
    } else {
      child.kill('SIGKILL');
    }
  };
  const code = await withInterrupts(interrupt, () => {
    return new Promise<number>((done, failed) => {
      child.on('error', failed);
      child.on('close', (exitCode) => done(exitCode ?? 1));
    });
  });
  if (interrupts.count > 0 && logged) throw new Interrupted();
  return code;
}

/** Where `pulumi` with that log writes. */
export function pulumiLog(name: string): string {
  return join(logFolder, `${name}.log`);
}

function withStackFile({ stackFile }: Program, args: readonly string[]): string[] {
  const [command = '', ...rest] = args;
  const given = process.env['LAB_STACK_FILE'];
  if (given === undefined || !readsConfiguration.includes(command)) return [...args];
  return [command, '--config-file', stackFile, ...rest];
}
