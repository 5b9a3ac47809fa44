import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ensureBuilt, fingerprint } from '../machines/builtFolder';
import { ensureImage } from '../machines/image';
import { packagesHost, suites } from '../machines/imageRecipe';
import type { OperatingSystem } from '../model';
import { run } from '../process';
import { step } from '../progress';
import { downloadPackages } from './repositoryDownload';
import { packagesIndex, releaseDate, releaseText, writeIndex } from './repositoryIndex';
import { armouredPublicKey, clearSign } from './repositoryKey';

/** What hosts can install. */
export interface PackageSet {
  /** Where it is kept: a folder for each host name that serves packages. */
  readonly folder: string;
  /** Debian packages to be had by name, with what they depend on and recommend. */
  readonly debian: readonly string[];
  readonly repositories: readonly Repository[];
}

/** A repository at packagecloud.io with one package in its versions, which the lab serves under the same name and layout. */
export interface Repository {
  /** Host name and path, as hosts ask for it. */
  readonly root: string;
  readonly packageName: string;
  /** Puts the packages into a folder unless they are files already, and gives their paths. */
  build(folder: string): Promise<readonly string[]>;
  /** What the packages are made of: they are built anew when this changes. */
  fingerprint(): Promise<string>;
}

/** The flat repository of Debian's packages. */
export function packagesFolder(set: PackageSet, os: OperatingSystem): string {
  return join(set.folder, packagesHost, os);
}

/**
 * The repositories that hosts of an operating system install from: Debian's packages, and those of others, whose
 * dependencies are among Debian's. Made when missing or when anything in them changed.
 */
export async function ensurePackages(os: OperatingSystem, set: PackageSet): Promise<void> {
  const image = await ensureImage(os);
  const work = await mkdtemp(join(tmpdir(), 'lab-packages-'));
  try {
    const others = await Promise.all(
      set.repositories.map(async (repository) => ({ repository, files: await repository.build(work) })),
    );
    const files = others.map((other) => other.files).flat();
    const depends = await Promise.all(files.map((file) => run('dpkg-deb', ['--field', file, 'Depends'])));
    const debian = { image: basename(dirname(image)), packages: set.debian, depends: [...new Set(depends)] };
    await ensureBuilt(packagesFolder(set, os), fingerprint(debian), (temporary) =>
      step(`lab packages of ${os}`, () => debianRepository(os, image, set.debian, files, temporary)),
    );
    for (const { repository, files: versions } of others) {
      const root = join(set.folder, repository.root);
      await ensureBuilt(
        join(root, 'debian', 'dists', suites[os]),
        await repository.fingerprint(),
        (temporary) => otherRepository(os, repository, root, versions, temporary),
      );
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A flat repository: packages and index in one folder. */
async function debianRepository(
  os: OperatingSystem,
  image: string,
  names: readonly string[],
  files: readonly string[],
  folder: string,
): Promise<void> {
  await downloadPackages(os, image, { names, files }, folder);
  const entries = await writeIndex(folder, 'Packages', await packagesIndex(folder, './'));
  const fields = { Origin: 'lab', Suite: suites[os], Codename: suites[os], Date: releaseDate(new Date()) };
  await writeFile(join(folder, 'Release'), releaseText(fields, entries));
}

/** A suite of somebody's repository in its own layout, signed, with the key beside it. */
async function otherRepository(
  os: OperatingSystem,
  { root: origin, packageName }: Repository,
  root: string,
  files: readonly string[],
  folder: string,
): Promise<void> {
  const suite = suites[os];
  const pool = join('pool', suite, 'main', packageName.charAt(0), packageName);
  const poolFolder = join(root, 'debian', pool);
  await mkdir(poolFolder, { recursive: true });
  for (const former of await readdir(poolFolder)) await rm(join(poolFolder, former));
  for (const file of files) await copyFile(file, join(poolFolder, basename(file)));
  await mkdir(join(folder, 'main', 'binary-amd64'), { recursive: true });
  const index = await packagesIndex(poolFolder, `${pool}/`);
  const entries = await writeIndex(folder, 'main/binary-amd64/Packages', index);
  const fields = {
    ...{ Origin: origin, Label: packageName, Suite: suite, Codename: suite },
    ...{ Date: releaseDate(new Date()), Architectures: 'amd64', Components: 'main' },
  };
  const release = releaseText(fields, entries);
  await writeFile(join(folder, 'Release'), release);
  await writeFile(join(folder, 'InRelease'), await clearSign(release));
  await writeFile(join(root, 'gpgkey'), await armouredPublicKey());
}
