import { UsageError, type Command } from './command';
import { pulumi, pulumiOutput, stackName } from './pulumi';

/** All outputs of the stack, secrets included, as one JSON object. */
export async function outputsJson(): Promise<string> {
  return pulumiOutput(['stack', 'output', '--json', '--show-secrets', '--stack', stackName]);
}

export const outputs: Command = {
  arguments: '[--json]',
  summary: "print the stack's outputs; with --json as one object, secrets included, and nothing else",
  run: async (args) => {
    const [flag, ...rest] = args;
    if (rest.length > 0 || (flag !== undefined && flag !== '--json')) {
      throw new UsageError(`unknown argument ${args.join(' ')}`);
    }
    if (flag === undefined) return pulumi(['stack', 'output', '--stack', stackName]);
    process.stdout.write(await outputsJson());
    return 0;
  },
};
