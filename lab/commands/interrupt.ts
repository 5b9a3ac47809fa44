import type { ChildProcess } from 'node:child_process';
import { endRunning } from '../process';

/** What a shell reports of a program that Ctrl-C ended. */
export const interruptedExitCode = 130;

/** One press of Ctrl-C arrives up to four times: from the terminal, npm, its shell and tsx. */
const samePressMs = 700;

type Handler = (press: number) => void;

let current: Handler | undefined;
let presses = 0;
let lastAt = 0;

/** The command was interrupted; everything that it had begun was told to end. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted; the next `up` or `down` cleans up what was left half done');
  }
}

/** Makes Ctrl-C (and SIGTERM) end what runs instead of only this process. */
export function handleInterrupts(onIdle: () => void): void {
  const interrupt = () => {
    const now = Date.now();
    const repeated = now - lastAt < samePressMs;
    lastAt = now;
    if (repeated) return;
    presses += 1;
    if (current !== undefined) {
      current(presses);
      return;
    }
    endRunning();
    onIdle();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
}

/** While `work` runs, interrupts go to `handler`, with the number of the press. */
export async function withInterrupts<T>(handler: Handler, work: () => Promise<T>): Promise<T> {
  const outer = current;
  current = handler;
  presses = 0;
  try {
    return await work();
  } finally {
    current = outer;
  }
}

/** While `child` has the terminal: it is interrupted by the terminal itself, or by us where there is none. */
export async function withChild(child: ChildProcess): Promise<number> {
  const pass = () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  return withInterrupts(pass, () => {
    return new Promise((done, failed) => {
      child.on('error', failed);
      child.on('close', (exitCode) => done(exitCode ?? interruptedExitCode));
    });
  });
}
