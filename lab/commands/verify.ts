import { spawn } from 'node:child_process';
import type { Command } from './command';
import { withChild } from './interrupt';
import { outputsJson } from './outputs';
import { up } from './up';

export const verify: Command = {
  arguments: '[ARGS...]',
  summary: "prove the running stack: the program's own command, given the stack's outputs",
  run: async (args, program) => {
    const { verify: command, folder } = program();
    const [name, ...first] = command ?? [];
    if (name === undefined)
      throw new Error(`the program in ${folder} names no command to verify it: lab.yaml is the place`);
    const stackOutputs = await outputsJson(program());
    const child = spawn(name, [...first, ...args], { cwd: folder, stdio: ['pipe', 'inherit', 'inherit'] });
    // It may end before it has read its input, and then says itself why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stackOutputs);
    return withChild(child);
  },
};

export const start: Command = {
  arguments: '',
  summary: 'up, then verify where the program says how',
  run: async (args, program) => {
    const exitCode = await up.run(args, program);
    return exitCode === 0 && program().verify !== undefined ? verify.run([], program) : exitCode;
  },
};
