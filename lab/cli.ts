import { account } from './commands/account';
import { UsageError, type Command } from './commands/command';
import { down } from './commands/down';
import { exec, plainPulumi } from './commands/exec';
import { fault, heal } from './commands/faults';
import { handleInterrupts, Interrupted, interruptedExitCode } from './commands/interrupt';
import { outputs } from './commands/outputs';
import { status } from './commands/status';
import { preview, up } from './commands/up';
import { start, verify } from './commands/verify';

const verbs: Readonly<Record<string, Command>> = {
  start,
  up,
  preview,
  down,
  status,
  outputs,
  verify,
  exec,
  pulumi: plainPulumi,
  fault,
  heal,
  account,
};

/** The lab's command line: `npm run lab -- VERB`. */
async function main([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === undefined || verb === 'help' || verb === '--help') {
    process.stdout.write(usage());
    return verb === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (command === undefined) throw new UsageError(`unknown verb ${verb}`);
  return command.run(args);
}

function usage(): string {
  const lines = Object.entries(verbs).map(([name, command]) => {
    return `  ${`${name} ${command.arguments}`.padEnd(36)} ${command.summary}`;
  });
  return ['usage: npm run lab -- VERB', '', ...lines, ''].join('\n');
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
