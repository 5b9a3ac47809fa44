import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { logFolder } from './paths';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
  /** Also appended to .lab/log/NAME.log, so that an error can name a file to read. */
  readonly log?: string;
}

export class CommandFailed extends Error {
  constructor(
    readonly command: string,
    readonly exitCode: number | null,
    readonly output: string,
    log: string | undefined,
  ) {
    const tail = output.trimEnd().split('\n').slice(-15).join('\n');
    super(`${command} failed (exit ${String(exitCode)})${log === undefined ? '' : `; log: ${log}`}\n${tail}`);
  }
}

const running = new Set<ChildProcess>();

/** Ends what `run` is waiting for, so that an interrupted command leaves no program behind. */
export function endRunning(): void {
  for (const child of running) child.kill('SIGTERM');
}

/** With what it has started: a child that holds the output, as in a frozen machine, would be waited for without end. */
function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended already.
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** Runs a program without a shell, returns its standard output, throws CommandFailed with the end of its output. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const log = options.log === undefined ? undefined : join(logFolder, `${options.log}.log`);
  if (log !== undefined) mkdirSync(logFolder, { recursive: true });
  const sink = log === undefined ? undefined : createWriteStream(log, { flags: 'a' });
  sink?.write(`$ ${[program, ...args].join(' ')}\n`);
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own where time is limited, so that all of it can be ended.
      detached: options.timeoutMs !== undefined,
    });
    running.add(child);
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => endGroup(child), options.timeoutMs);
    let stdout = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      all += text;
      sink?.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      all += text;
      sink?.write(text);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      running.delete(child);
      sink?.end();
      failed(new CommandFailed(program, null, error.message, log));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      sink?.end();
      if (code === 0) done(stdout);
      else failed(new CommandFailed([program, ...args].join(' ').slice(0, 300), code, all, log));
    });
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}
