import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint } from '../../machines/builtFolder';
import type { Repository } from '../repository';
import { buildEmqxPackage } from './build';

/** EMQX's repository with its package: the file that LAB_EMQX_DEB names, else the stand-in. */
export const emqxRepository: Repository = {
  root: 'packagecloud.io/emqx/emqx',
  packageName: 'emqx',
  build: async (folder) => {
    const given = givenFile();
    if (given === undefined) return buildEmqxPackage(folder);
    if (existsSync(given)) return given;
    throw new Error(`lab: LAB_EMQX_DEB names ${given}, which is not there; name a .deb of EMQX or unset it`);
  },
  // Its own bytes say more than they should, since each build has its time in it.
  fingerprint: async () => {
    const given = givenFile();
    if (given !== undefined) return sha256(await readFile(given));
    const sources = await readdir(__dirname, { recursive: true, withFileTypes: true });
    const files = sources.filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'));
    const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
    return fingerprint(await Promise.all(names.map(async (name) => [name, sha256(await readFile(name))])));
  },
};

function givenFile(): string | undefined {
  return process.env['LAB_EMQX_DEB'];
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
