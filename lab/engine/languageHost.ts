import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { LanguageRuntimeService } from '@pulumi/pulumi/proto/language_grpc_pb';
import * as language from '@pulumi/pulumi/proto/language_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { z } from 'zod';
import { exitWithParent } from './parent';

/** Printed by `pulumi about`, so that nobody mistakes this host for Pulumi's own. */
const version = '0.1.0';
/** @pulumi/pulumi/cmd/run ends with this code when it has told the user what is wrong itself. */
const bailExitCode = 32;
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).optional() });
const versionSchema = z.object({ version: z.string() });
const programs = new Set<ChildProcess>();

/**
 * The lab's Node language host: what the engine starts as `pulumi-language-nodejs`. It runs the program with the
 * runner that @pulumi/pulumi ships, so a program cannot tell it from Pulumi's own host. Of the protocol it answers
 * what running a program needs; the rest (code generation, installing) stays unimplemented, and the engine says so.
 */
function serve(engineAddress: string): void {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(LanguageRuntimeService, {
    handshake: unary(() => new language.LanguageHandshakeResponse()),
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    // The providers are found on PATH, so there is nothing that the engine should install.
    getRequiredPackages: unary(() => new language.GetRequiredPackagesResponse()),
    getRequiredPlugins: unary(() => new language.GetRequiredPluginsResponse()),
    about: unary(() =>
      new language.AboutResponse().setExecutable(process.execPath).setVersion(process.versions.node),
    ),
    getProgramDependencies: (
      call: grpc.ServerUnaryCall<language.GetProgramDependenciesRequest, unknown>,
      answer: grpc.sendUnaryData<language.GetProgramDependenciesResponse>,
    ) => answer(null, programDependencies(call.request.getInfo()?.getRootDirectory() ?? process.cwd())),
    cancel: unary(() => {
      for (const program of programs) program.kill('SIGINT');
      return new Empty();
    }),
    run: (
      call: grpc.ServerUnaryCall<language.RunRequest, language.RunResponse>,
      answer: grpc.sendUnaryData<language.RunResponse>,
    ) => {
      runProgram(call.request, engineAddress).then(
        (response) => answer(null, response),
        (error: unknown) => answer({ code: grpc.status.INTERNAL, details: String(error) }),
      );
    },
    // What runs in the lab has been installed: nothing is fetched behind the user's back.
    installDependencies: (call: grpc.ServerWritableStream<unknown, unknown>) => call.end(),
    runPlugin,
  });
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    // The engine reads the port from the first line of standard output.
    process.stdout.write(`${port}\n`);
  });
}

function unary<Response>(respond: () => Response) {
  return (_: unknown, answer: grpc.sendUnaryData<Response>) => answer(null, respond());
}

async function runProgram(
  request: language.RunRequest,
  engineAddress: string,
): Promise<language.RunResponse> {
  // The kernel ends the program with this process, also when this one is killed: without its engine it never would.
  const dieWithParent = ['--pdeathsig', 'KILL', process.execPath];
  const program = spawn('setpriv', [...dieWithParent, ...programArguments(request, engineAddress)], {
    cwd: request.getPwd(),
    env: programEnvironment(request),
    // Standard output of the host carries the port and nothing else after it; the engine shows both as diagnostics.
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  programs.add(program);
  const exitCode = await new Promise<number | string>((done, failed) => {
    program.once('error', failed);
    program.once('exit', (code, signal) => done(code ?? signal ?? 'unknown'));
  }).finally(() => programs.delete(program));

  if (exitCode === 0) return new language.RunResponse();
  if (exitCode === bailExitCode) return new language.RunResponse().setBail(true);
  return new language.RunResponse().setError(`the program ended with ${exitCode}`);
}

/** A provider that is a Node package: its output goes to the engine, which reads the provider's port from it. */
function runPlugin(
  call: grpc.ServerWritableStream<language.RunPluginRequest, language.RunPluginResponse>,
): void {
  const { request } = call;
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() ?? request.getPwd();
  const plugin = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', process.execPath],
      runnerOf('run-plugin', folder),
      join(folder, info?.getEntryPoint() ?? ''),
      ...request.getArgsList(),
    ],
    {
      cwd: request.getPwd(),
      env: { ...process.env, ...Object.fromEntries(request.getEnvList().map(variable)) },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  programs.add(plugin);
  plugin.stdout.on('data', (chunk: Buffer) => call.write(new language.RunPluginResponse().setStdout(chunk)));
  plugin.stderr.on('data', (chunk: Buffer) => call.write(new language.RunPluginResponse().setStderr(chunk)));
  call.on('cancelled', () => plugin.kill());
  plugin.once('error', (error) => call.destroy(error));
  plugin.once('close', (code) => {
    programs.delete(plugin);
    call.write(new language.RunPluginResponse().setExitcode(code ?? 1));
    call.end();
  });
}

function variable(assignment: string): readonly [string, string] {
  const place = assignment.indexOf('=');
  return [assignment.slice(0, place), assignment.slice(place + 1)];
}

/** What `pulumi about` lists: the installed versions of what the program's package.json asks for. */
function programDependencies(root: string): language.GetProgramDependenciesResponse {
  const manifest = manifestSchema.safeParse(readJson(join(root, 'package.json')));
  const dependencies = Object.keys(manifest.data?.dependencies ?? {}).map((name) => {
    const installed = versionSchema.safeParse(readJson(join(root, 'node_modules', name, 'package.json')));
    return new language.DependencyInfo().setName(name).setVersion(installed.data?.version ?? 'not installed');
  });
  return new language.GetProgramDependenciesResponse().setDependenciesList(dependencies);
}

function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function programArguments(request: language.RunRequest, engineAddress: string): string[] {
  const info = request.getInfo();
  return [
    runnerOf('run', request.getPwd()),
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${engineAddress}`,
    `--organization=${request.getOrganization()}`,
    `--project=${request.getProject()}`,
    `--stack=${request.getStack()}`,
    `--root-directory=${info?.getRootDirectory() ?? request.getPwd()}`,
    `--pwd=${request.getPwd()}`,
    `--parallel=${request.getParallel()}`,
    ...(request.getDryrun() ? ['--dry-run'] : []),
    info?.getEntryPoint() ?? request.getProgram(),
    ...request.getArgsList(),
  ];
}

/** The program's own: the SDK keeps what a program makes in variables, and another copy of it would have its own. */
function runnerOf(command: 'run' | 'run-plugin', folder: string): string {
  try {
    return require.resolve(`@pulumi/pulumi/cmd/${command}`, { paths: [folder] });
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for the program in ${folder}: run npm install there`);
  }
}

function programEnvironment(request: language.RunRequest): NodeJS.ProcessEnv {
  const config = Object.fromEntries(request.getConfigMap().toArray());
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    PULUMI_NODEJS_TYPESCRIPT: 'true',
  };
}

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
if (engineAddress === undefined) {
  throw new Error(
    'pulumi-language-nodejs: no address of the engine given; it is the engine that starts this program',
  );
}
exitWithParent();
serve(engineAddress);
