import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../paths';
import type { Command } from './command';
import { withChild } from './interrupt';
import { outputsJson } from './outputs';
import { up } from './up';

export const verify: Command = {
  arguments: '[--json]',
  summary: 'prove the running stack with MQTT clients, from its outputs alone',
  run: async (args) => {
    const stackOutputs = await outputsJson();
    const program = join(repositoryRoot, 'verify', 'cli.ts');
    const node = ['--require', require.resolve('tsx/cjs'), program, ...args];
    const child = spawn(process.execPath, node, {
      cwd: repositoryRoot,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    // It may end before it has read its input, and then says itself why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stackOutputs);
    return withChild(child);
  },
};

export const start: Command = {
  arguments: '',
  summary: 'up, then verify',
  run: async (args) => {
    const exitCode = await up.run(args);
    return exitCode === 0 ? verify.run([]) : exitCode;
  },
};
