import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramInfo, RunRequest } from '@pulumi/pulumi/proto/language_pb';
import { cacheFolder } from '../paths';
import { run } from '../process';

/** What this host runs programs of; YAML has a host of Pulumi's own. */
export const hostedLanguages = ['nodejs', 'python', 'go'] as const;
export type HostedLanguage = (typeof hostedLanguages)[number];

/** What a program is started by, with the engine's and its own environment. */
export interface ProgramCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What starts the program of a request, built where its language asks for it. */
export async function programCommand(
  language: HostedLanguage,
  request: RunRequest,
  engineAddress: string,
): Promise<ProgramCommand> {
  const env = environment(request, engineAddress);
  switch (language) {
    case 'nodejs':
      return {
        program: process.execPath,
        args: nodeArguments(request, engineAddress),
        env: { ...env, PULUMI_NODEJS_TYPESCRIPT: 'true' },
      };
    case 'python':
      return {
        program: pythonOf(request),
        args: [join(__dirname, 'run_program.py'), folderOf(request)],
        env,
      };
    case 'go': {
      const program = join(cacheFolder, 'programs', request.getProject());
      await run('go', ['build', '-o', program, '.'], { cwd: folderOf(request) });
      return { program, args: [], env };
    }
  }
}

/** @pulumi/pulumi of the program's own: it keeps what a program makes in variables, and another copy has its own. */
export function runnerOf(command: 'run' | 'run-plugin' | 'run-policy-pack', folder: string): string {
  try {
    return require.resolve(`@pulumi/pulumi/cmd/${command}`, { paths: [folder] });
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for the program in ${folder}: run npm install there`);
  }
}

function nodeArguments(request: RunRequest, engineAddress: string): readonly string[] {
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

/** The interpreter of the program's virtual environment, else the one on PATH. */
function pythonOf(request: RunRequest): string {
  const own = join(virtualEnvironmentOf(request.getInfo(), folderOf(request)), 'bin', 'python');
  return existsSync(own) ? own : 'python3';
}

/** The virtual environment that Pulumi.yaml names, else `venv`; need not exist. */
export function virtualEnvironmentOf(info: ProgramInfo | undefined, folder: string): string {
  const options: unknown = info?.getOptions()?.toJavaScript();
  const named =
    typeof options === 'object' && options !== null && 'virtualenv' in options
      ? options.virtualenv
      : undefined;
  return join(folder, typeof named === 'string' ? named : 'venv');
}

function folderOf(request: RunRequest): string {
  return request.getInfo()?.getProgramDirectory() ?? request.getPwd();
}

/** What the SDKs of Go and Python are told by variables, and all of them of the configuration. */
function environment(request: RunRequest, engineAddress: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PULUMI_ORGANIZATION: request.getOrganization(),
    PULUMI_PROJECT: request.getProject(),
    PULUMI_STACK: request.getStack(),
    PULUMI_MONITOR: request.getMonitorAddress(),
    PULUMI_ENGINE: engineAddress,
    PULUMI_DRY_RUN: String(request.getDryrun()),
    PULUMI_PARALLEL: String(request.getParallel()),
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}
