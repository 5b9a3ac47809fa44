import { dirname, join, resolve } from 'node:path';

/** Everything that the lab writes: one ignored folder beside the lab's own. LAB_HOME moves it. */
export const labHome = resolve(process.env['LAB_HOME'] ?? join(dirname(__dirname), '.lab'));

/** Survives `down`: engine, images, packages, moto's virtual environment. */
export const cacheFolder = join(labHome, 'cache');
/** Goes with `down`: Pulumi's state, disks, sockets. */
export const stateFolder = join(labHome, 'state');
/** Survives `down`, so that a failure can be read afterwards. */
export const logFolder = join(labHome, 'log');

export const paths = {
  /** The engine's binary; `bin/` holds the stand-ins that the engine finds on PATH. */
  engine: (version: string) => join(cacheFolder, 'engine', `pulumi-${version}`),
  yamlHost: (version: string) => join(cacheFolder, 'engine', `pulumi-language-yaml-${version}`),
  sdkGenerator: (version: string) => join(cacheFolder, 'engine', `pulumi-sdks-${version}`),
  bin: join(cacheFolder, 'bin'),
  venv: join(cacheFolder, 'venv'),
  images: join(cacheFolder, 'images'),
  /** What the hosts of a program can install: a folder for each host name that they ask. */
  packages: (project: string) => join(cacheFolder, 'packages', project),
  pki: join(cacheFolder, 'pki'),
  pulumiHome: join(cacheFolder, 'pulumi-home'),
  pulumiState: join(stateFolder, 'pulumi'),
  /** Says which program the lab is up for. */
  program: join(stateFolder, 'program.json'),
  machines: join(stateFolder, 'machines'),
  volumes: join(stateFolder, 'volumes'),
  daemonSocket: join(stateFolder, 'daemon.sock'),
  daemonPid: join(stateFolder, 'daemon.pid'),
  daemonLog: join(logFolder, 'daemon.log'),
};
