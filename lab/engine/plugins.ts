import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { paths } from '../paths';
import { installedVersion } from '../providers/sdkVersion';

/** The plugins that the engine starts for the program: its language host and the providers. */
export const plugins = ['nodejs', 'aws', 'command', 'random', 'tls'] as const;
export type Plugin = (typeof plugins)[number];

/** Where an official plugin may be looked for. */
export interface PluginPlaces {
  /** As the Pulumi CLI has it; defaults to ~/.pulumi. */
  readonly pulumiHome: string;
  readonly path: readonly string[];
}

/**
 * The official plugins to run instead of the lab's own: none, or with LAB_PLUGINS=official those that are at hand.
 * aws is never among them: the lab's EC2 answers what its own asks, and not all that the official one asks.
 */
export async function officialPlugins(
  programFolder: string,
  wanted: string | undefined = process.env['LAB_PLUGINS'],
  places: PluginPlaces = usualPlaces(),
): Promise<ReadonlyMap<Plugin, string>> {
  if (wanted === undefined || wanted === '' || wanted === 'stand-in') return new Map();
  if (wanted !== 'official') {
    throw new Error(`LAB_PLUGINS is ${wanted}; allowed are official and stand-in, which is the default`);
  }
  const found = await Promise.all(
    plugins.map(async (plugin) => {
      const path = plugin === 'aws' ? undefined : await findPlugin(plugin, programFolder, places);
      return path === undefined ? [] : [[plugin, path] as const];
    }),
  );
  return new Map(found.flat());
}

/** A line that says which plugins run, and of the official ones where they are; undefined when none was asked for. */
export async function describePlugins(programFolder: string): Promise<string | undefined> {
  if ((process.env['LAB_PLUGINS'] ?? '') === '') return undefined;
  const official = await officialPlugins(programFolder);
  const said = plugins.map((plugin) => `${plugin}: ${official.get(plugin) ?? 'stand-in'}`);
  return `plugins: ${said.join(', ')}`;
}

function usualPlaces(): PluginPlaces {
  return {
    pulumiHome: process.env['PULUMI_HOME'] ?? join(homedir(), '.pulumi'),
    path: (process.env['PATH'] ?? '').split(delimiter),
  };
}

/** The one that is installed in the version of the SDK, else what is on PATH, the lab's own folder aside. */
async function findPlugin(
  plugin: Plugin,
  programFolder: string,
  { pulumiHome, path }: PluginPlaces,
): Promise<string | undefined> {
  const program = plugin === 'nodejs' ? 'pulumi-language-nodejs' : `pulumi-resource-${plugin}`;
  const version = installedVersion(`@pulumi/${plugin}`, programFolder) ?? 'none';
  const installed =
    plugin === 'nodejs'
      ? join(pulumiHome, 'bin')
      : join(pulumiHome, 'plugins', `resource-${plugin}-v${version}`);
  return findIn([installed, ...path], program);
}

/** The program of this name that the engine would find on PATH, the lab's own folder aside. */
export async function onPath(program: string): Promise<string | undefined> {
  return findIn(usualPlaces().path, program);
}

async function findIn(folders: readonly string[], program: string): Promise<string | undefined> {
  for (const folder of folders.filter((each) => each !== '' && resolve(each) !== paths.bin)) {
    const candidate = join(folder, program);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
}
