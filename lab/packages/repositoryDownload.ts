import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { suites } from '../machines/imageRecipe';
import { inImage } from '../machines/image';
import { hostMirror } from '../machines/mirror';
import type { OperatingSystem } from '../model';

export interface Wanted {
  /** Packages that hosts install by name, with what they recommend, as cloud-init installs them. */
  readonly names: readonly string[];
  /** A package file whose dependencies are wanted. */
  readonly file: string;
}

/** Puts the .debs that an image lacks for the wanted packages into a folder, from the mirror of this host. */
export async function downloadPackages(
  os: OperatingSystem,
  image: string,
  wanted: Wanted,
  folder: string,
): Promise<void> {
  await mkdir(join(folder, 'partial'), { recursive: true });
  const file = join('/srv/given', basename(wanted.file));
  const folders = { '/srv/debs': folder, '/srv/given': dirname(wanted.file) };
  const source = `deb ${hostMirror().url} ${suites[os]} main`;
  const argv = ['sh', '-c', download, 'sh', source, file, ...wanted.names];
  await inImage({ layers: [image] }, argv, folders);
  await rm(join(folder, 'partial'), { recursive: true, force: true });
  await rm(join(folder, 'lock'), { force: true });
}

const download = `
set -e
echo "$1" >/etc/apt/sources.list
file=$2
shift 2
apt-get update
fetch() { apt-get install --yes --download-only -o Dir::Cache::archives=/srv/debs "$@"; }
for name in "$@"; do fetch "$name"; done
fetch --no-install-recommends "$file"
`;
