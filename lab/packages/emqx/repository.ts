import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Repository } from '../repository';
import { buildEmqxPackage, emqxPackageFingerprint } from './build';

/** Versions of the stand-in: those that EMQX has for the newest Debian here, so that one can be rolled out after the other. */
const versions = ['5.8.8', '5.8.9'];

/** EMQX's repository with its packages: the file that LAB_EMQX_DEB names, else the stand-in. */
export const emqxRepository: Repository = {
  root: 'packagecloud.io/emqx/emqx',
  packageName: 'emqx',
  build: async (folder) => {
    const given = givenFile();
    if (given === undefined)
      return Promise.all(versions.map((version) => buildEmqxPackage(folder, { version })));
    if (existsSync(given)) return [given];
    throw new Error(`lab: LAB_EMQX_DEB names ${given}, which is not there; name a .deb of EMQX or unset it`);
  },
  fingerprint: async () => {
    const given = givenFile();
    return given === undefined ? emqxPackageFingerprint() : sha256(await readFile(given));
  },
};

function givenFile(): string | undefined {
  return process.env['LAB_EMQX_DEB'];
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
