import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../rendering/packageRoot';
import type { HostFile } from './fileSet';
import { renderFileSet } from './fileSet';

/** Where a host's programs lie. */
export const programFolder = '/usr/local/lib/emqx-haproxy';

/**
 * The programs of host/ that are named, with the modules that they import. None asks for a restart of its own: the
 * unit of a resident program carries `codeVersion`, so that a change in any of its modules restarts it.
 */
export function programFiles(names: readonly string[]): HostFile[] {
  return modulesOf(names).map((name) => ({
    path: `${programFolder}/${name}.py`,
    content: source(name),
    mode: '0644',
    owner: 'root:root',
    change: { kind: 'none' },
  }));
}

/** What must run before anything can be fetched; the other programs come from Secrets Manager. */
const firstPrograms: ReadonlySet<string> = new Set(
  ['apply_config', 'aws', 'fetch_secrets'].map((name) => `${programFolder}/${name}.py`),
);

/** Whether a file of the set travels in user data, which ends at 16 KiB. */
export function inUserData({ path }: HostFile): boolean {
  return firstPrograms.has(path) || !path.startsWith(`${programFolder}/`);
}

/** The part of a set that a host fetches at its first boot, as a file set. */
export function fetchedPrograms(files: readonly HostFile[]): string {
  return renderFileSet(files.filter((file) => !inUserData(file)));
}

/** Differs whenever the program or a module that it imports does. */
export function codeVersion(name: string): string {
  const hash = createHash('sha256');
  for (const each of modulesOf([name])) hash.update(`${each}\n${source(each)}`, 'utf8');
  return hash.digest('hex').slice(0, 12);
}

function modulesOf(names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const [, from, plain] of source(name).matchAll(/^\s*(?:from (\w+) import|import (\w+)$)/gm)) {
      const imported = from ?? plain ?? '';
      if (existsSync(pathOf(imported))) visit(imported);
    }
  };
  names.forEach(visit);
  return [...found].sort();
}

function source(name: string): string {
  return readFileSync(pathOf(name), 'utf8');
}

function pathOf(name: string): string {
  return join(packageRoot, 'host', `${name}.py`);
}
