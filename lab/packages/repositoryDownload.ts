import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { suites } from '../machines/imageRecipe';
import { inImage } from '../machines/image';
import { hostMirror } from '../machines/mirror';
import type { OperatingSystem } from '../model';

export interface Wanted {
  /** Packages that hosts install by name, with what they recommend, as cloud-init installs them. */
  readonly names: readonly string[];
  /** Package files whose dependencies are wanted. */
  readonly files: readonly string[];
}

/** Puts the .debs that an image lacks for the wanted packages into a folder, from the mirror of this host. */
export async function downloadPackages(
  os: OperatingSystem,
  image: string,
  wanted: Wanted,
  folder: string,
): Promise<void> {
  if (wanted.names.length + wanted.files.length === 0) return;
  await mkdir(join(folder, 'partial'), { recursive: true });
  const given = wanted.files.map((file, index) => ({ file, at: `/srv/given/${index}` }));
  const folders = Object.fromEntries(given.map(({ file, at }) => [at, dirname(file)]));
  const files = given.map(({ file, at }) => join(at, basename(file)));
  const source = `deb ${hostMirror().url} ${suites[os]} main`;
  const argv = ['sh', '-c', download, 'sh', source, String(files.length), ...files, ...wanted.names];
  await inImage({ layers: [image] }, argv, { '/srv/debs': folder, ...folders });
  await rm(join(folder, 'partial'), { recursive: true, force: true });
  await rm(join(folder, 'lock'), { force: true });
}

const download = `
set -e
echo "$1" >/etc/apt/sources.list
files=$2
shift 2
apt-get update
fetch() { apt-get install --yes --download-only -o Dir::Cache::archives=/srv/debs "$@"; }
while [ "$files" -gt 0 ]; do
  fetch --no-install-recommends "$1"
  shift
  files=$((files - 1))
done
for name in "$@"; do fetch "$name"; done
`;
