import { z } from 'zod';
import type { Client, ClientChannel } from 'ssh2';
import type { Operation } from '../server';
import { connectionSchema } from './connection';
import { dial } from './dial';
import { commandKind, commandSchema, type CommandRun } from './kind';
import { OutputCollector, type Output } from './run';

const inputs = z.strictObject({ ...commandSchema, connection: connectionSchema });

/** remote.Command: a command over SSH. Only the dial is repeated, never the command. */
export const remoteCommand = commandKind(inputs, runRemotely);

async function runRemotely(
  values: z.infer<typeof inputs>,
  what: CommandRun,
  operation: Operation,
): Promise<Output> {
  const session = await dial(values.connection, operation);
  const abort = () => session.close();
  operation.signal.addEventListener('abort', abort, { once: true });
  try {
    return await runOn(session.client, what, operation);
  } finally {
    operation.signal.removeEventListener('abort', abort);
    session.close();
  }
}

async function runOn(client: Client, what: CommandRun, operation: Operation): Promise<Output> {
  const output = new OutputCollector(operation.log, what.logging);
  const channel = await execute(client, what);
  return new Promise((done, failed) => {
    let ending: string | undefined;
    channel.setEncoding('utf8').on('data', (chunk: string) => output.add('stdout', chunk));
    channel.stderr.setEncoding('utf8').on('data', (chunk: string) => output.add('stderr', chunk));
    channel.on('exit', (code: number | null, signal?: string) => {
      ending = code === null ? `killed by ${String(signal)}` : `exit status ${code}`;
    });
    channel.on('close', () => {
      if (ending === 'exit status 0') done(output.finish());
      else failed(output.failure(what.command, ending ?? lostOr(operation)));
    });
    channel.on('error', () => undefined);
    channel.end(what.stdin);
  });
}

function lostOr(operation: Operation): string {
  return operation.signal.aborted ? 'interrupted' : 'the connection was lost before the command ended';
}

async function execute(client: Client, what: CommandRun): Promise<ClientChannel> {
  return new Promise((done, failed) => {
    client.once('close', () => failed(new Error('the connection was lost before the command began')));
    // The server takes a variable only where its AcceptEnv names it, and says nothing otherwise.
    client.exec(what.command, { env: what.environment }, (error, channel) => {
      if (error === undefined) done(channel);
      else failed(error);
    });
  });
}
