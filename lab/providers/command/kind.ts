import { z } from 'zod';
import type { ResourceKind } from '../kinds';
import type { Operation } from '../server';
import type { Properties } from '../values';
import type { Logging, Output } from './run';

/** The inputs of every kind of command. */
export const commandSchema = {
  create: z.string().optional(),
  update: z.string().optional(),
  delete: z.string().optional(),
  stdin: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  triggers: z.array(z.unknown()).optional(),
  // Their defaults, true and stdoutAndStderr, are no part of the state.
  addPreviousOutputInEnv: z.boolean().optional(),
  logging: z.enum(['none', 'stdout', 'stderr', 'stdoutAndStderr']).optional(),
};

/** One command to run, wherever that is. */
export interface CommandRun {
  readonly command: string;
  readonly stdin: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the run before printed, as variables. */
  readonly previousOutput: Readonly<Record<string, string>>;
  readonly logging: Logging;
}

interface CommandInputs {
  readonly create?: string | undefined;
  readonly update?: string | undefined;
  readonly delete?: string | undefined;
  readonly stdin?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly addPreviousOutputInEnv?: boolean | undefined;
  readonly logging?: Logging | undefined;
}

const previousOutput = z.object({ stdout: z.string().default(''), stderr: z.string().default('') });

/**
 * The life of a command, as the real provider has it: `create` runs at creation; any changed input runs `update`, or
 * `create` where there is none; a changed trigger replaces; `delete` runs at the end, also of what is replaced.
 */
export function commandKind<Inputs extends CommandInputs>(
  inputs: z.ZodType<Inputs>,
  run: (inputs: Inputs, what: CommandRun, operation: Operation) => Promise<Output>,
  checked?: (values: Properties) => Properties,
): ResourceKind<Inputs> {
  const runIfAny = async (
    command: string | undefined,
    values: Inputs,
    state: Properties,
    operation: Operation,
  ) => {
    const previous = previousOutput.parse({ stdout: state['stdout'], stderr: state['stderr'] });
    if (command === undefined) return previous;
    const what = {
      command,
      stdin: values.stdin ?? '',
      environment: values.environment ?? {},
      previousOutput: values.addPreviousOutputInEnv === false ? {} : asVariables(previous),
      logging: values.logging ?? 'stdoutAndStderr',
    };
    return run(values, what, operation);
  };
  return {
    inputs,
    ...(checked === undefined ? {} : { checked }),
    replacedBy: ['triggers'],
    computed: ['stdout', 'stderr'],
    changedByUpdate: ['stdout', 'stderr'],
    // What a command is told in secret it may print.
    secretsFrom: { stdout: secretSources, stderr: secretSources },
    create: async (values, operation) => ({
      outputs: { ...(await runIfAny(values.create, values, {}, operation)) },
    }),
    update: async (state, values, operation) => ({
      ...(await runIfAny(values.update ?? values.create, values, state, operation)),
    }),
    delete: async (state, values, operation) => {
      await runIfAny(values.delete, values, state, operation);
    },
  };
}

const secretSources = ['create', 'update', 'stdin', 'environment'];

function asVariables(output: Output): Record<string, string> {
  return {
    ...(output.stdout === '' ? {} : { PULUMI_COMMAND_STDOUT: output.stdout }),
    ...(output.stderr === '' ? {} : { PULUMI_COMMAND_STDERR: output.stderr }),
  };
}
