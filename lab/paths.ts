import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

function findRoot(from: string): string {
  if (existsSync(join(from, 'Pulumi.yaml'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('lab: no Pulumi.yaml above the lab folder; run it from a checkout');
  return findRoot(parent);
}

/** The checkout that this lab belongs to. */
export const repositoryRoot = findRoot(__dirname);

/** Everything that the lab writes: one ignored folder. LAB_HOME moves it. */
export const labHome = resolve(process.env['LAB_HOME'] ?? join(repositoryRoot, '.lab'));

/** Survives `down`: engine, images, packages, moto's virtual environment. */
export const cacheFolder = join(labHome, 'cache');
/** Goes with `down`: Pulumi's state, disks, sockets. */
export const stateFolder = join(labHome, 'state');
/** Survives `down`, so that a failure can be read afterwards. */
export const logFolder = join(labHome, 'log');

export const paths = {
  /** The engine's binary; `bin/` holds the stand-ins that the engine finds on PATH. */
  engine: (version: string) => join(cacheFolder, 'engine', `pulumi-${version}`),
  bin: join(cacheFolder, 'bin'),
  venv: join(cacheFolder, 'venv'),
  images: join(cacheFolder, 'images'),
  packages: join(cacheFolder, 'packages'),
  pki: join(cacheFolder, 'pki'),
  pulumiHome: join(cacheFolder, 'pulumi-home'),
  pulumiState: join(stateFolder, 'pulumi'),
  machines: join(stateFolder, 'machines'),
  volumes: join(stateFolder, 'volumes'),
  daemonSocket: join(stateFolder, 'daemon.sock'),
  daemonPid: join(stateFolder, 'daemon.pid'),
  daemonLog: join(logFolder, 'daemon.log'),
};
