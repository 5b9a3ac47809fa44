import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../process';

/** The text of a `Packages` index of the .debs in a folder; `prefix` is the folder's path from the repository's root. */
export async function packagesIndex(folder: string, prefix: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.deb')).sort();
  const stanzas = await Promise.all(names.map((name) => stanza(folder, name, prefix)));
  return stanzas.join('\n');
}

async function stanza(folder: string, name: string, prefix: string): Promise<string> {
  const file = join(folder, name);
  const control = (await run('dpkg-deb', ['--field', file])).trimEnd();
  const content = await readFile(file);
  return `${control}\nFilename: ${prefix}${name}\nSize: ${content.length}\nSHA256: ${sha256(content)}\n`;
}

/** Writes an index as it is and compressed, and returns what a Release file says of both. */
export async function writeIndex(root: string, path: string, text: string): Promise<ReleaseEntry[]> {
  const plain = Buffer.from(text);
  const entries = [
    { path, content: plain },
    { path: `${path}.gz`, content: gzipSync(plain) },
  ];
  for (const entry of entries) await writeFile(join(root, entry.path), entry.content);
  return entries.map(({ path, content }) => ({ path, bytes: content.length, sha256: sha256(content) }));
}

export interface ReleaseEntry {
  /** From the folder of the Release file. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The text of a Release file. */
export function releaseText(
  fields: Readonly<Record<string, string>>,
  entries: readonly ReleaseEntry[],
): string {
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  const sums = entries.map(({ path, bytes, sha256 }) => ` ${sha256} ${bytes} ${path}`);
  return [...head, 'SHA256:', ...sums, ''].join('\n');
}

/** A time as a Release file gives it. */
export function releaseDate(time: Date): string {
  return time.toUTCString().replace('GMT', 'UTC');
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
