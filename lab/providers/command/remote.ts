import { z } from 'zod';
import type { Client } from 'ssh2';
import type { Operation } from '../server';
import type { Properties } from '../values';
import { connectionSchema } from './connection';
import { dial } from './dial';
import { commandKind, commandSchema, type CommandRun } from './kind';
import { OutputCollector, type Output } from './run';

const inputs = z.strictObject({ ...commandSchema, connection: connectionSchema });

/** remote.Command: a command over SSH. Only the dial is repeated, never the command. */
export const remoteCommand = commandKind(inputs, runRemotely, withConnectionDefaults);

/** Those of `connection`, proxy's too, are inputs from then on. */
function withConnectionDefaults(values: Properties): Properties {
  const { data } = connectionSchema.safeParse(values['connection']);
  return data === undefined ? values : { ...values, connection: data };
}

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
  const options = { env: acceptedEnvironment(what, operation.log) };
  return new Promise((done, failed) => {
    const lost = () => failed(new Error('EOF'));
    client.once('close', lost);
    client.exec(what.command, options, (error, channel) => {
      client.off('close', lost);
      if (error !== undefined) {
        failed(error);
        return;
      }
      // Now, and not once a promise has come true: how it ended may be in what was read together with the answer.
      let ending: string | undefined;
      channel.on('exit', (code: number | null, signal?: string) => {
        ending =
          code === null
            ? `Process exited with signal ${String(signal)}`
            : `Process exited with status ${code}`;
      });
      channel.setEncoding('utf8').on('data', (chunk: string) => output.add('stdout', chunk));
      channel.stderr.setEncoding('utf8').on('data', (chunk: string) => output.add('stderr', chunk));
      channel.on('close', () => {
        if (ending === 'Process exited with status 0') done(output.finish());
        else failed(output.failure(what.command, ending ?? lostOr(operation)));
      });
      channel.on('error', () => undefined);
      channel.end(what.stdin);
    });
  });
}

function lostOr(operation: Operation): string {
  return operation.signal.aborted
    ? 'interrupted'
    : 'wait: remote command exited without exit status or exit signal';
}

/** What AcceptEnv of Debian's and Ubuntu's sshd takes; a refused variable is not to be had from ssh2. */
const acceptedVariables = /^(LANG|LC_.*)$/;

function acceptedEnvironment(
  { environment, previousOutput }: CommandRun,
  log: Operation['log'],
): CommandRun['environment'] {
  const refused = Object.keys(environment).find((name) => !acceptedVariables.test(name));
  if (refused !== undefined)
    throw new Error(`could not set environment variable ${JSON.stringify(refused)}: ssh: setenv failed`);
  for (const name of Object.keys(previousOutput)) {
    const remedy =
      'This only works if your SSH server is configured to accept these variables via AcceptEnv.';
    log('warning', `Unable to set '${name}'. ${remedy}`);
  }
  return environment;
}
