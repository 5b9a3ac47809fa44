import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withBuildLock } from './buildLock';

const keyFile = '.built-from';

/** A short name for a value: two that differ in anything have different ones. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

/**
 * Makes sure that a folder was built, whole, from what `key` is the fingerprint of. `build` fills a temporary folder
 * beside it, which takes its place at the end; so an interrupted build leaves nothing that counts, and is repeated.
 */
export async function ensureBuilt(
  folder: string,
  key: string,
  build: (temporary: string) => Promise<void>,
): Promise<void> {
  if (await isBuilt(folder, key)) return;
  const parent = dirname(folder);
  const temporary = join(parent, `.${basename(folder)}.new`);
  await withBuildLock(join(parent, `.${basename(folder)}.lock`), async () => {
    if (await isBuilt(folder, key)) return;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    try {
      await build(temporary);
      await chmod(temporary, 0o755);
      await writeFile(join(temporary, keyFile), key);
      await rm(folder, { recursive: true, force: true });
      await rename(temporary, folder);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

/** Removes folders whose names begin so and that nobody uses: former builds that were named by their key. */
export async function removeFormer(
  folder: string,
  prefix: string,
  inUse: (path: string) => boolean,
): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith(prefix) && !inUse(path)) await rm(path, { recursive: true, force: true });
  }
}

async function isBuilt(folder: string, key: string): Promise<boolean> {
  return (await readFile(join(folder, keyFile), 'utf8').catch(() => '')) === key;
}
