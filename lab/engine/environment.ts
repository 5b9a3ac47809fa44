import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { paths } from '../paths';
import type { Program } from '../program';
import { installedVersion } from '../providers/sdkVersion';
import { ensureYamlHost } from './install';
import { officialPlugins, onPath, plugins, type Plugin } from './plugins';

/** Where the lab's AWS API answers to this machine. */
export const awsEndpoint = 'http://203.0.113.2:4566';

/** For AWS clients in the lab's own commands. */
export const labCredentials = {
  endpoint: awsEndpoint,
  credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
} as const;

/** Tells an engine which process started it, so that one that nobody waits for any more is known. */
export const commandVariable = 'LAB_COMMAND';

/**
 * Everything that the plain `pulumi` command needs to work on a program in the lab and only there. Its PATH finds the
 * lab's language host first, its home holds the lab's providers as installed plugins of the versions that the program
 * asks for, and the AWS endpoint is one that exists on this machine only, so no call can reach a real account.
 */
export async function labEnvironment(program: Program): Promise<NodeJS.ProcessEnv> {
  await mkdir(paths.pulumiState, { recursive: true });
  const official = await officialPlugins(program.folder);
  await writeLanguageHost(program.language);
  await Promise.all(
    plugins.map((plugin) => {
      const own = plugin === 'nodejs' ? 'engine/languageHost.ts' : `providers/${plugin}/main.ts`;
      return writePlugin(plugin, official.get(plugin) ?? own, program.folder);
    }),
  );
  return {
    ...withoutAwsSettings(process.env),
    PATH: [paths.bin, process.env['PATH'] ?? ''].join(delimiter),
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE: program.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: 'true',
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_REGION: program.region,
    AWS_ACCESS_KEY_ID: labCredentials.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: labCredentials.credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** A person's own profile, session token or region must not find its way into the lab. */
function withoutAwsSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}

/** Node's host runs providers too, and so it is always there; a program in another language has its own beside it. */
async function writeLanguageHost(language: Program['language']): Promise<void> {
  if (language === 'nodejs') return;
  const script = `#!/bin/sh\nexec ${await languageHost(language)} "$@"\n`;
  await writeProgram(join(paths.bin, `pulumi-language-${language}`), script);
}

async function languageHost(language: Exclude<Program['language'], 'nodejs'>): Promise<string> {
  if (language === 'yaml') return `'${await ensureYamlHost()}'`;
  return `${ownProgram('engine/languageHost.ts')} --language=${language}`;
}

/** A command line for a program of the lab's, a path below lab/. */
function ownProgram(path: string): string {
  return `'${process.execPath}' --require '${require.resolve('tsx/cjs')}' '${join(__dirname, '..', path)}'`;
}

/** The program that the engine finds: the lab's own, a path below lab/, or an official one, an absolute path. */
async function writePlugin(plugin: Plugin, program: string, programFolder: string): Promise<void> {
  const script = `#!/bin/sh\nexec ${isAbsolute(program) ? `'${program}'` : ownProgram(program)} "$@"\n`;
  const version = installedVersion(`@pulumi/${plugin}`, programFolder);
  // A program without the SDK of a provider has no use for it.
  if (plugin !== 'nodejs' && version === undefined) return;
  const [folder, name] =
    plugin === 'nodejs'
      ? [paths.bin, 'pulumi-language-nodejs']
      : [
          join(paths.pulumiHome, 'plugins', `resource-${plugin}-v${version ?? ''}`),
          `pulumi-resource-${plugin}`,
        ];
  await writeProgram(join(folder, name), script);
  if (plugin === 'nodejs') return;
  // The engine takes a provider on PATH before an installed one, so where there is one the lab's is on PATH before it.
  const before = join(paths.bin, name);
  if ((await onPath(name)) === undefined) await rm(before, { force: true });
  else await writeProgram(before, script);
}

async function writeProgram(path: string, script: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, script);
  await chmod(path, 0o755);
}
