import { UsageError, type Command } from './command';
import { execIn } from './machines';
import { requireRoot } from './preflight';
import { pulumi } from './pulumi';

export const exec: Command = {
  arguments: 'HOST -- CMD...',
  summary: 'run a program inside a machine, by its name',
  run: async (args) => {
    const [host, separator, ...command] = args;
    if (host === undefined || separator !== '--' || command.length === 0) {
      throw new UsageError('exec takes a host, --, and a command');
    }
    requireRoot();
    return execIn(host, command);
  },
};

export const plainPulumi: Command = {
  arguments: '-- ARGS...',
  summary: "the plain pulumi command in the lab's environment",
  run: async (args, program) => {
    const [separator, ...rest] = args;
    if (separator !== '--' || rest.length === 0)
      throw new UsageError('pulumi takes -- and the arguments of pulumi');
    return pulumi(program(), rest);
  },
};
