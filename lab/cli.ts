import { account } from './commands/account';
import { UsageError, type Command } from './commands/command';
import { doctor } from './commands/doctor';
import { down } from './commands/down';
import { exec, plainPulumi } from './commands/exec';
import { fault, heal } from './commands/faults';
import { handleInterrupts, Interrupted, interruptedExitCode } from './commands/interrupt';
import { open } from './commands/open';
import { outputs } from './commands/outputs';
import { status } from './commands/status';
import { preview, up } from './commands/up';
import { start, verify } from './commands/verify';
import { loadProgram } from './program';

const verbs: Readonly<Record<string, Command>> = {
  start,
  up,
  preview,
  down,
  status,
  outputs,
  verify,
  open,
  exec,
  pulumi: plainPulumi,
  fault,
  heal,
  account,
  doctor,
};

/** The lab's command line: `local-ec2 [--program FOLDER] VERB`. */
async function main(given: readonly string[]): Promise<number> {
  const { folder, words } = programFolder(given);
  const [verb, ...args] = words;
  if (verb === undefined || verb === 'help' || verb === '--help') {
    process.stdout.write(usage());
    return verb === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (command === undefined) throw new UsageError(`unknown verb ${verb}`);
  return command.run(args, () => loadProgram(folder));
}

/** The program is the working directory's unless another folder is named before the verb. */
function programFolder(given: readonly string[]): {
  readonly folder: string;
  readonly words: readonly string[];
} {
  const [option, folder, ...words] = given;
  if (option !== '--program') return { folder: process.cwd(), words: given };
  if (folder === undefined) throw new UsageError('--program takes the folder of a Pulumi program');
  return { folder, words };
}

function usage(): string {
  const lines = Object.entries(verbs).map(([name, command]) => {
    return `  ${`${name} ${command.arguments}`.padEnd(36)} ${command.summary}`;
  });
  return [
    'usage: local-ec2 [--program FOLDER] VERB',
    '',
    "FOLDER is that of the program's Pulumi.yaml; the working directory's when not given.",
    '',
    ...lines,
    '',
  ].join('\n');
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`lab: ${error.message}\n\n${usage()}`);
    return 2;
  }
  process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
  return error instanceof Interrupted ? interruptedExitCode : 1;
}

handleInterrupts(() => process.exit(report(new Interrupted())));
main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => process.exit(report(error)),
);
