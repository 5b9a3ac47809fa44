import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { RunPluginResponse, type RunPluginRequest } from '@pulumi/pulumi/proto/language_pb';
import { runnerOf } from './programCommand';

/**
 * Runs a provider or a policy pack that is a Node package, by the `node` on PATH as Pulumi's own host does, and gives the
 * engine what it prints: the port where it answers is the first line of it. What runs is among `running` for as long as it
 * does.
 */
export function runPlugin(
  call: ServerWritableStream<RunPluginRequest, RunPluginResponse>,
  running: Set<ChildProcess>,
): void {
  const { request } = call;
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() ?? request.getPwd();
  const program = join(folder, info?.getEntryPoint() ?? '');
  const isPolicyPack = request.getKind() === 'analyzer';
  const args = isPolicyPack
    ? [runnerOf('run-policy-pack', folder), ...request.getArgsList(), program]
    : [runnerOf('run-plugin', folder), program, ...request.getArgsList()];
  const plugin = spawn('setpriv', ['--pdeathsig', 'KILL', 'node', ...args], {
    // A pack is not read by the settings of the program that it judges.
    cwd: isPolicyPack ? folder : request.getPwd(),
    env: { ...process.env, ...Object.fromEntries(request.getEnvList().map(variable)) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(plugin);
  plugin.stdout.on('data', (chunk: Buffer) => call.write(new RunPluginResponse().setStdout(chunk)));
  plugin.stderr.on('data', (chunk: Buffer) => call.write(new RunPluginResponse().setStderr(chunk)));
  call.on('cancelled', () => plugin.kill());
  plugin.once('error', (error) => call.destroy(error));
  plugin.once('close', (code) => {
    running.delete(plugin);
    call.write(new RunPluginResponse().setExitcode(code ?? 1));
    call.end();
  });
}

function variable(assignment: string): readonly [string, string] {
  const place = assignment.indexOf('=');
  return [assignment.slice(0, place), assignment.slice(place + 1)];
}
