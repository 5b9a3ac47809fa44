import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { LanguageRuntimeService } from '@pulumi/pulumi/proto/language_grpc_pb';
import * as language from '@pulumi/pulumi/proto/language_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { z } from 'zod';
import { generatePackage, installDependencies, linkInPython } from './packageAdd';
import { exitWithParent } from './parent';
import { hostedLanguages, programCommand, type HostedLanguage } from './programCommand';
import { runPlugin } from './runPlugin';

/** Printed by `pulumi about`, so that nobody mistakes this host for Pulumi's own. */
const version = '0.1.0';
/** @pulumi/pulumi/cmd/run ends with this code when it has told the user what is wrong itself. */
const bailExitCode = 32;
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).optional() });
const versionSchema = z.object({ version: z.string() });
const programs = new Set<ChildProcess>();

/**
 * The lab's language host: what the engine starts as `pulumi-language-nodejs`, and for programs in Python and Go too. It
 * runs a program with the SDK that the program has, so a program cannot tell it from Pulumi's own host, and providers
 * that are Node packages. Of the protocol it answers what that needs; the rest stays unimplemented, and the engine says so.
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
      answerWith(answer, () => runProgram(call.request, engineAddress));
    },
    // These three are for who adds a package; nothing is fetched when a program runs.
    generatePackage: (
      call: grpc.ServerUnaryCall<language.GeneratePackageRequest, language.GeneratePackageResponse>,
      answer: grpc.sendUnaryData<language.GeneratePackageResponse>,
    ) => {
      answerWith(answer, () => generatePackage(ownLanguage(), call.request));
    },
    ...(ownLanguage() === 'python' ? { link } : {}),
    installDependencies: (
      call: grpc.ServerWritableStream<
        language.InstallDependenciesRequest,
        language.InstallDependenciesResponse
      >,
    ) => {
      installDependencies(ownLanguage(), call.request).then(
        () => call.end(),
        (error: unknown) => call.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    runPlugin: (call: grpc.ServerWritableStream<language.RunPluginRequest, language.RunPluginResponse>) =>
      runPlugin(call, programs),
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

function link(
  call: grpc.ServerUnaryCall<language.LinkRequest, language.LinkResponse>,
  answer: grpc.sendUnaryData<language.LinkResponse>,
): void {
  answerWith(answer, () => Promise.resolve(linkInPython(call.request)));
}

function answerWith<Response>(answer: grpc.sendUnaryData<Response>, respond: () => Promise<Response>): void {
  respond().then(
    (response) => answer(null, response),
    (error: unknown) => answer({ code: grpc.status.INTERNAL, details: String(error) }),
  );
}

async function runProgram(
  request: language.RunRequest,
  engineAddress: string,
): Promise<language.RunResponse> {
  // The kernel ends the program with this process, also when this one is killed: without its engine it never would.
  const command = await programCommand(ownLanguage(), request, engineAddress);
  const program = spawn('setpriv', ['--pdeathsig', 'KILL', command.program, ...command.args], {
    cwd: request.getPwd(),
    env: command.env,
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

/** Node, unless the script that starts this host names another. */
function ownLanguage(): HostedLanguage {
  const given = process.argv.find((argument) => argument.startsWith('--language='));
  return hostedLanguages.find((name) => given === `--language=${name}`) ?? 'nodejs';
}

// The last one: an option of the engine's may have a value of its own before it.
const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith('-'));
if (engineAddress === undefined) {
  throw new Error(
    'pulumi-language-nodejs: no address of the engine given; it is the engine that starts this program',
  );
}
exitWithParent();
serve(engineAddress);
