import { stackName, type Program } from '../program';
import { UsageError, type Command } from './command';
import { pulumi, pulumiOutput } from './pulumi';

/** All outputs of a program's stack, secrets included, as one JSON object. */
export async function outputsJson(program: Program): Promise<string> {
  return pulumiOutput(program, ['stack', 'output', '--json', '--show-secrets', '--stack', stackName]);
}

export const outputs: Command = {
  arguments: '[--json]',
  summary: "print the stack's outputs; with --json as one object, secrets included, and nothing else",
  run: async (args, program) => {
    const [flag, ...rest] = args;
    if (rest.length > 0 || (flag !== undefined && flag !== '--json')) {
      throw new UsageError(`unknown argument ${args.join(' ')}`);
    }
    if (flag === undefined) return pulumi(program(), ['stack', 'output', '--stack', stackName]);
    process.stdout.write(await outputsJson(program()));
    return 0;
  },
};
