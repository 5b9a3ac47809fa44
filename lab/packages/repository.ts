import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ensureBuilt, fingerprint } from '../machines/builtFolder';
import { ensureImage } from '../machines/image';
import { packagesHost, suites } from '../machines/imageRecipe';
import type { OperatingSystem } from '../model';
import { paths } from '../paths';
import { run } from '../process';
import { step } from '../progress';
import { buildEmqxPackage } from './emqx/build';
import { downloadPackages } from './repositoryDownload';
import { packagesIndex, releaseDate, releaseText, writeIndex } from './repositoryIndex';
import { armouredPublicKey, clearSign } from './repositoryKey';

/** What hosts install by name from Debian; the broker's dependencies come on top. */
const debianPackages = ['haproxy', 'keepalived', 'gnupg', 'adduser'];

/** EMQX's repository: the lab serves its own under the same name and layout. */
const emqxRoot = join(paths.packages, 'packagecloud.io', 'emqx', 'emqx');

/** The flat repository of Debian's packages. */
export function packagesFolder(os: OperatingSystem): string {
  return join(paths.packages, packagesHost, os);
}

/**
 * The repositories that hosts of an operating system install from: Debian's packages, and EMQX's with the package
 * `emqx` (the file that LAB_EMQX_DEB names, else the stand-in). Made when missing or when anything in them changed.
 */
export async function ensurePackages(os: OperatingSystem): Promise<void> {
  const image = await ensureImage(os);
  const work = await mkdtemp(join(tmpdir(), 'lab-packages-'));
  try {
    const emqx = await emqxPackage(work);
    const depends = await run('dpkg-deb', ['--field', emqx, 'Depends']);
    const debian = { image: basename(dirname(image)), packages: debianPackages, depends };
    await ensureBuilt(packagesFolder(os), fingerprint(debian), (temporary) =>
      step(`lab packages of ${os}`, () => debianRepository(os, image, emqx, temporary)),
    );
    await ensureBuilt(join(emqxRoot, 'debian', 'dists', suites[os]), await emqxFingerprint(), (temporary) =>
      emqxRepository(os, emqx, temporary),
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function emqxPackage(folder: string): Promise<string> {
  const given = process.env['LAB_EMQX_DEB'];
  if (given === undefined) return buildEmqxPackage(folder);
  if (existsSync(given)) return given;
  throw new Error(`lab: LAB_EMQX_DEB names ${given}, which is not there; name a .deb of EMQX or unset it`);
}

/** What the package is made of: its own bytes say more than they should, since each build has its time in it. */
async function emqxFingerprint(): Promise<string> {
  const given = process.env['LAB_EMQX_DEB'];
  if (given !== undefined) return sha256(await readFile(given));
  const sources = await readdir(join(__dirname, 'emqx'), { recursive: true, withFileTypes: true });
  const files = sources.filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'));
  const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return fingerprint(await Promise.all(names.map(async (name) => [name, sha256(await readFile(name))])));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A flat repository: packages and index in one folder. */
async function debianRepository(
  os: OperatingSystem,
  image: string,
  emqx: string,
  folder: string,
): Promise<void> {
  await downloadPackages(os, image, { names: debianPackages, file: emqx }, folder);
  const entries = await writeIndex(folder, 'Packages', await packagesIndex(folder, './'));
  const fields = { Origin: 'lab', Suite: suites[os], Codename: suites[os], Date: releaseDate(new Date()) };
  await writeFile(join(folder, 'Release'), releaseText(fields, entries));
}

/** A suite of EMQX's repository in its own layout, signed, with the key beside it. */
async function emqxRepository(os: OperatingSystem, emqx: string, folder: string): Promise<void> {
  const suite = suites[os];
  const pool = join('pool', suite, 'main', 'e', 'emqx');
  const poolFolder = join(emqxRoot, 'debian', pool);
  await mkdir(poolFolder, { recursive: true });
  for (const former of await readdir(poolFolder)) await rm(join(poolFolder, former));
  await copyFile(emqx, join(poolFolder, basename(emqx)));
  await mkdir(join(folder, 'main', 'binary-amd64'), { recursive: true });
  const index = await packagesIndex(poolFolder, `${pool}/`);
  const entries = await writeIndex(folder, 'main/binary-amd64/Packages', index);
  const fields = {
    ...{ Origin: 'packagecloud.io/emqx/emqx', Label: 'emqx', Suite: suite, Codename: suite },
    ...{ Date: releaseDate(new Date()), Architectures: 'amd64', Components: 'main' },
  };
  const release = releaseText(fields, entries);
  await writeFile(join(folder, 'Release'), release);
  await writeFile(join(folder, 'InRelease'), await clearSign(release));
  await writeFile(join(emqxRoot, 'gpgkey'), await armouredPublicKey());
}
