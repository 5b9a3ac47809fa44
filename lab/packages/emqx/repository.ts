import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { run } from '../../process';
import type { Repository } from '../repository';
import { buildEmqxPackage, emqxPackageFingerprint } from './build';

/**
 * EMQX's repositories, each with its package: the file that LAB_EMQX_DEB names in the one that it belongs to, else the
 * stand-in in these versions, which EMQX has for the newest Debian here: two of the free edition, so that one can be rolled out
 * after the other.
 */
export const emqxRepositories: readonly Repository[] = [
  repository('packagecloud.io/emqx/emqx', 'emqx', ['5.8.8', '5.8.9']),
  repository('packagecloud.io/emqx/emqx-enterprise5', 'emqx-enterprise', ['5.10.4']),
];

function repository(root: string, packageName: string, versions: readonly string[]): Repository {
  return {
    root,
    packageName,
    build: async (folder) => {
      const given = await givenFile(packageName);
      return given === undefined
        ? Promise.all(versions.map((version) => buildEmqxPackage(folder, { version })))
        : [given];
    },
    fingerprint: async () => {
      const given = await givenFile(packageName);
      return given === undefined ? emqxPackageFingerprint() : sha256(await readFile(given));
    },
  };
}

/** What LAB_EMQX_DEB names, where it is this package. */
async function givenFile(packageName: string): Promise<string | undefined> {
  const given = process.env['LAB_EMQX_DEB'];
  if (given === undefined) return undefined;
  if (!existsSync(given))
    throw new Error(`lab: LAB_EMQX_DEB names ${given}, which is not there; name a .deb of EMQX or unset it`);
  return (await run('dpkg-deb', ['--field', given, 'Package'])).trim() === packageName ? given : undefined;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
