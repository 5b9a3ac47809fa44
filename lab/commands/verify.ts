import { spawn } from 'node:child_process';
import type { Program } from '../program';
import type { Command } from './command';
import { withChild } from './interrupt';
import { outputsJson } from './outputs';
import { filled } from './references';
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
  summary: 'up, then verify where the program says how; says what to try next',
  run: async (args, program) => {
    const raised = await up.run(args, program);
    if (raised !== 0) return raised;
    const { verify: command, next } = program();
    const verified = command === undefined ? 0 : await verify.run([], program);
    if (verified === 0 && next.length > 0) await sayNext(program());
    return verified;
  },
};

async function sayNext(program: Program): Promise<void> {
  const outputs: unknown = JSON.parse(await outputsJson(program));
  const lines = program.next.flatMap((line) => filled(line, outputs) ?? []);
  process.stdout.write(['', ...lines, ''].join('\n'));
}
