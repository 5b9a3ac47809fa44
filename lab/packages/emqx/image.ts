import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ensureBuilt, fingerprint } from '../../machines/builtFolder';
import { ensureImage, inImage } from '../../machines/image';
import { suites } from '../../machines/imageRecipe';
import { hostMirror } from '../../machines/mirror';
import type { OperatingSystem } from '../../model';
import { step } from '../../progress';
import { buildEmqxPackage, emqxPackageFingerprint } from './build';

/**
 * The image of an operating system with the stand-in's package on it, 5.8.9 by default, never booted: for running brokers
 * without hosts. The layers of its root, the uppermost first.
 */
export async function ensureBrokerImage(os: OperatingSystem, version = '5.8.9'): Promise<readonly string[]> {
  const image = await ensureImage(os);
  const name = basename(dirname(image));
  const ejabberd = `${dirname(image)}-ejabberd`;
  await ensureBuilt(ejabberd, name, (folder) =>
    step(`lab image of ${os} with ejabberd`, () =>
      change(folder, [image], {}, installed, `deb ${hostMirror().url} ${suites[os]} main`),
    ),
  );
  const below = [join(ejabberd, 'upper'), image];
  const emqx = `${dirname(image)}-emqx-${version}`;
  await ensureBuilt(emqx, fingerprint([name, await emqxPackageFingerprint()]), async (folder) => {
    const work = await mkdtemp(join(tmpdir(), 'lab-emqx-'));
    try {
      const file = join('/srv/emqx', basename(await buildEmqxPackage(work, { version })));
      await change(folder, below, { '/srv/emqx': work }, unpacked, file);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return [join(emqx, 'upper'), ...below];
}

async function change(
  folder: string,
  layers: readonly string[],
  folders: Readonly<Record<string, string>>,
  script: string,
  argument: string,
): Promise<void> {
  const keep = { upper: join(folder, 'upper'), work: join(folder, 'work') };
  await mkdir(keep.upper);
  await mkdir(keep.work);
  await inImage({ layers, keep }, ['sh', '-c', script, 'sh', argument], folders);
  await rm(keep.work, { recursive: true });
}

const installed = `
set -e
echo "$1" >/etc/apt/sources.list
apt-get update
apt-get install --yes --no-install-recommends ejabberd
apt-get clean
`;

const unpacked = 'dpkg --install "$1"';
