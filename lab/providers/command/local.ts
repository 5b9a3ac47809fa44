import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Operation } from '../server';
import { commandKind, commandSchema, type CommandRun } from './kind';
import { OutputCollector, type Output } from './run';

const inputs = z.strictObject({
  ...commandSchema,
  dir: z.string().optional(),
  interpreter: z.array(z.string()).min(1).optional(),
});

/** local.Command, without the globs that collect assets. */
export const localCommand = commandKind(inputs, runLocally);

async function runLocally(
  values: z.infer<typeof inputs>,
  what: CommandRun,
  operation: Operation,
): Promise<Output> {
  const [program = '/bin/sh', ...args] = values.interpreter ?? ['/bin/sh', '-c'];
  const output = new OutputCollector(operation.log, what.logging);
  return new Promise((done, failed) => {
    const child = spawn(program, [...args, what.command], {
      cwd: values.dir,
      env: { ...process.env, ...what.environment, ...what.previousOutput },
      signal: operation.signal,
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => output.add('stdout', chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => output.add('stderr', chunk));
    // A command that ends before it has read everything is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(what.stdin);
    child.on('error', (error) => failed(output.failure(what.command, error.message)));
    child.on('close', (code, signal) => {
      if (code === 0) done(output.finish());
      else
        failed(
          output.failure(what.command, code === null ? `killed by ${String(signal)}` : `exit status ${code}`),
        );
    });
  });
}
