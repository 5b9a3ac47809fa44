import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { OperatingSystem } from '../model';
import { step } from '../progress';
import { ensurePackages, packagesFolder, type PackageSet } from '../packages/repository';
import { ensureBuilt, fingerprint } from './builtFolder';
import { runInChroot, type ProgramResult } from './chroot';
import { ensureImage, inImage } from './image';
import { ensureNextImage } from './nextImage';

/** What can be asked; `debian-next` is Debian's next release, on which no host can run yet. */
export type CheckedSystem = OperatingSystem | 'debian-next';

/** An operating system with some packages installed. */
export interface CheckImage {
  readonly os: CheckedSystem;
  /** Names of Debian packages. */
  readonly packages: readonly string[];
  /** Where they are installed from: what hosts would get. */
  readonly from: PackageSet;
}

/**
 * The image of an operating system with packages installed on it, never booted: for asking the real programs what they
 * think of a file. The layers of its root, the uppermost first.
 */
export async function ensureCheckImage({ os, packages, from }: CheckImage): Promise<readonly string[]> {
  if (os === 'debian-next') return [await ensureNextImage([...packages, 'python3', 'cloud-init'])];
  const image = await ensureImage(os);
  const check = `${dirname(image)}-check-${fingerprint(packages)}`;
  await ensureBuilt(check, fingerprint([basename(dirname(image)), packages]), async (folder) => {
    await ensurePackages(os, from);
    const keep = { upper: join(folder, 'upper'), work: join(folder, 'work') };
    await mkdir(keep.upper);
    await mkdir(keep.work);
    const argv = ['sh', '-c', install, 'sh', ...packages];
    const folders = { '/srv/packages': packagesFolder(from, os) };
    await step(`lab check image of ${os}`, () => inImage({ layers: [image], keep }, argv, folders));
    await rm(keep.work, { recursive: true });
  });
  return [join(check, 'upper'), image];
}

const install = `
set -e
echo "deb [trusted=yes] file:/srv/packages ./" >/etc/apt/sources.list
apt-get update
apt-get install --yes --no-install-recommends "$@"
`;

export interface CheckOptions {
  /** Path -> content, laid over the image for this run. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/**
 * Runs a program in the check image, for example `nginx -t`. It has no network but an
 * unused ens5, and leaves nothing behind.
 */
export async function runInCheckImage(
  image: CheckImage,
  argv: readonly string[],
  options: CheckOptions = {},
): Promise<ProgramResult> {
  const layers = await ensureCheckImage(image);
  const files = await mkdtemp(join(tmpdir(), 'lab-check-'));
  try {
    for (const [path, content] of Object.entries(options.files ?? {})) {
      await mkdir(dirname(join(files, path)), { recursive: true });
      await writeFile(join(files, path), content);
    }
    const { env, input } = options;
    return await runInChroot(argv, {
      root: { layers: [files, ...layers] },
      network: 'none',
      ...(env === undefined ? {} : { env }),
      ...(input === undefined ? {} : { input }),
    });
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}
