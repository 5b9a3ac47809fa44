import type { Program } from '../program';

/** A verb of the lab's command line. */
export interface Command {
  /** What follows the verb in the usage, for example `HOST -- CMD...`. */
  readonly arguments: string;
  readonly summary: string;
  /** Gives the exit code. `program` finds the one that was named, for verbs that are about one. */
  run(args: readonly string[], program: () => Program): Promise<number>;
}

/** A command line that cannot be understood: the usage is printed and the exit code is 2. */
export class UsageError extends Error {}

/** For verbs that take nothing. */
export function refuseArguments(args: readonly string[]): void {
  if (args.length > 0) throw new UsageError(`unknown argument ${args.join(' ')}`);
}
