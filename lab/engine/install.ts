import { constants } from 'node:fs';
import { access, link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { paths } from '../paths';
import { CommandFailed, run } from '../process';
import { step } from '../progress';

/** The engine that the lab builds, and the oldest that it takes. Its Go module is locked in lab/engine/go.mod. */
export const engineVersion = '3.245.0';

const missing = `no fitting Pulumi engine was found, and without Go none can be built. Mend it by one of these:
  - install Pulumi ${engineVersion} or newer (below 4): https://www.pulumi.com/docs/install/
  - install Go 1.25 or newer, and the lab builds the engine itself (5 minutes, once): https://go.dev/doc/install`;

/**
 * The path of a `pulumi` that fits: the one on PATH, else the one that the lab built before, else one that it builds
 * now. Programs are looked for in `folders`. Only a `pulumi` of major version 3 and at least `engineVersion` fits, since older ones lack what the program uses.
 */
export async function ensureEngine(folders: readonly string[] = programFolders()): Promise<string> {
  const installed = await findProgram('pulumi', folders, fits);
  if (installed !== undefined) return installed;
  const built = paths.engine(engineVersion);
  if (!(await isExecutable(built))) {
    const go = await findProgram('go', folders, () => Promise.resolve(true));
    if (go === undefined) throw new Error(missing);
    await step(`building the Pulumi engine ${engineVersion} from its Go modules (once)`, () =>
      build(go, built),
    );
  }
  return besideLanguageHost(built);
}

/** What `ensureEngine` would take or build, in words; throws where it could do neither. Builds nothing. */
export async function findEngine(folders: readonly string[] = programFolders()): Promise<string> {
  const installed = await findProgram('pulumi', folders, fits);
  if (installed !== undefined) return installed;
  if (await isExecutable(paths.engine(engineVersion))) return `${engineVersion}, built by the lab`;
  if ((await findProgram('go', folders, () => Promise.resolve(true))) === undefined) throw new Error(missing);
  return `${engineVersion}, which the lab will build with Go`;
}

/** PATH, and where Go's installer puts Go: it adds nothing to PATH by itself. */
function programFolders(): readonly string[] {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/go/bin'];
}

async function findProgram(
  program: string,
  folders: readonly string[],
  accept: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const folder of folders.filter((candidate) => candidate !== '' && resolve(candidate) !== paths.bin)) {
    const path = join(folder, program);
    if ((await isExecutable(path)) && (await accept(path))) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function fits(pulumi: string): Promise<boolean> {
  const environment = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: 'true' };
  const version = await run(pulumi, ['version'], { env: environment, timeoutMs: 20_000 }).catch(
    (error: unknown) => {
      if (error instanceof CommandFailed) return '';
      throw error;
    },
  );
  return isFittingVersion(version.trim());
}

/** Whether a version as `pulumi version` prints it is one that the lab can use. */
export function isFittingVersion(version: string): boolean {
  const [major, minor] = parse(version);
  const [wantedMajor, wantedMinor] = parse(engineVersion);
  return major === wantedMajor && minor >= wantedMinor;
}

function parse(version: string): [major: number, minor: number] {
  const match = /^v?(\d+)\.(\d+)\.\d+/.exec(version);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}

/** Pulumi's generators of SDKs, which its language hosts have and no module of Go serves by itself. */
export async function ensureSdkGenerator(folders: readonly string[] = programFolders()): Promise<string> {
  return ensureBuilt({
    built: paths.sdkGenerator(engineVersion),
    what: `Pulumi's generators of SDKs ${engineVersion}`,
    program: '.',
    folder: join(__dirname, 'sdks'),
    folders,
  });
}

/** The YAML host that is built. Its Go module is locked in lab/engine/yaml/go.mod. */
const yamlHostVersion = '1.38.1';

/** Pulumi's own language host for YAML, which is a Go module; those for Node, Python and Go are none. */
export async function ensureYamlHost(folders: readonly string[] = programFolders()): Promise<string> {
  return ensureBuilt({
    built: paths.yamlHost(yamlHostVersion),
    what: `Pulumi's language host for YAML ${yamlHostVersion}`,
    program: 'github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml',
    folder: join(__dirname, 'yaml'),
    folders,
  });
}

interface GoProgram {
  /** Where it is once it was built. */
  readonly built: string;
  readonly what: string;
  readonly program: string;
  /** That of its go.mod. */
  readonly folder: string;
  /** Where Go is looked for. */
  readonly folders: readonly string[];
}

async function ensureBuilt({ built, what, program, folder, folders }: GoProgram): Promise<string> {
  if (await isExecutable(built)) return built;
  const go = await findProgram('go', folders, () => Promise.resolve(true));
  if (go === undefined)
    throw new Error(`Go 1.25 or newer is needed to build ${what}: https://go.dev/doc/install`);
  await step(`building ${what} (once)`, () => goBuild(go, program, built, folder));
  return built;
}

async function build(go: string, target: string): Promise<void> {
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${engineVersion}`;
  await goBuild(go, 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi', target, __dirname, version);
}

async function goBuild(go: string, program: string, target: string, cwd: string, flags = ''): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-ldflags',
    `-s -w ${flags}`,
    '-o',
    unfinished,
    program,
  ];
  try {
    await run(go, args, { cwd, log: 'engine' });
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * The engine as a neighbour of the lab's language host, as in Pulumi's own distribution: a language host that is
 * only on PATH works too, but each command warns of it.
 */
async function besideLanguageHost(engine: string): Promise<string> {
  const neighbour = join(paths.bin, 'pulumi');
  const linked = await stat(neighbour).catch(() => undefined);
  if (linked?.ino === (await stat(engine)).ino) return neighbour;
  await mkdir(paths.bin, { recursive: true });
  await rm(neighbour, { force: true });
  await link(engine, neighbour);
  return neighbour;
}
