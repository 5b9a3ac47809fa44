import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { packageRoot } from '../rendering/packageRoot';
import { base85 } from './base85';
import type { HostFile } from './fileSet';
import { renderFileSet } from './fileSet';

/** Where a host's programs lie. */
export const programFolder = '/usr/local/lib/emqx-haproxy';

/** What hosts of both kinds are told from outside, and what runs the programs of a package. */
export const hostPrograms: readonly string[] = ['__main__', 'apply_config', 'fetch_secrets', 'health'];

/** A program of a host's package and its words, for example `['broker.leave', '--timeout', '30']`. */
export type ProgramLine = readonly [program: string, ...words: string[]];

/** Runs a program of a package: `balancer.tickets` is host/balancer/tickets.py. */
export function programCommand(program: string): string[] {
  return ['/usr/bin/python3', programFolder, program];
}

/**
 * Shell that runs a program where a host has it, and something else where not: those of an earlier release, and those
 * whose first boot has just begun, do not have every one.
 */
export function runIfThere([program, ...words]: ProgramLine, otherwise: string): string {
  const line = [...programCommand(program), ...words].join(' ');
  return `if [ -e ${programFolder}/${program.replaceAll('.', '/')}.py ]; then sudo ${line}; else ${otherwise}; fi`;
}

/**
 * The programs of host/ that are named, with the modules that they import. None asks for a restart of its own: the
 * unit of a resident program carries `codeVersion`, so that a change in any of its modules restarts it.
 */
export function programFiles(names: readonly string[]): HostFile[] {
  return modulesOf(names).map((name) => ({
    path: `${programFolder}/${fileOf(name)}`,
    content: source(name),
    mode: '0644',
    owner: 'root:root',
    change: { kind: 'none' },
  }));
}

/** What must run before anything can be fetched; the other programs come from Secrets Manager. */
const firstPrograms: ReadonlySet<string> = new Set(
  [
    'apply',
    'apply.file_set',
    'apply.first_boot',
    'apply.secret_files',
    'apply_config',
    'cloud',
    'cloud.aws',
  ].map((name) => `${programFolder}/${fileOf(name)}`),
);

/** Whether a file of the set travels in user data, which ends at 16 KiB. */
export function inUserData({ path, withPrograms }: HostFile): boolean {
  return withPrograms === undefined && (firstPrograms.has(path) || !path.startsWith(`${programFolder}/`));
}

/** The part of a set that a host fetches at its first boot, as a file set. */
export function fetchedPrograms(files: readonly HostFile[]): string {
  return renderFileSet(files.filter((file) => !inUserData(file)));
}

/** Secrets Manager takes 65,536 bytes, which are the field's name and this of its value. */
const largestPart = 65_000;

/** `fetchedPrograms` as secrets hold it, in as many parts as it takes. */
export function packedPrograms(files: readonly HostFile[]): string[] {
  const packed = base85(deflateSync(fetchedPrograms(files), { level: 9 }));
  const count = Math.ceil(packed.length / largestPart);
  return Array.from({ length: count }, (_, at) => packed.slice(at * largestPart, (at + 1) * largestPart));
}

/** Differs whenever the program or a module that it imports does. */
export function codeVersion(name: string): string {
  const hash = createHash('sha256');
  for (const each of modulesOf([name])) hash.update(`${each}\n${source(each)}`, 'utf8');
  return hash.digest('hex').slice(0, 12);
}

/** By their dotted names: the modules, those that they import, and the packages of all. */
function modulesOf(names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !existsSync(pathOf(name))) return;
    found.add(name);
    const folder = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    if (folder !== '') visit(folder);
    for (const [, from = '', inBrackets, onTheLine = '', plain] of source(name).matchAll(imports)) {
      const members = (inBrackets ?? onTheLine).split(/[\s,]+/).filter((word) => word !== '');
      for (const each of plain === undefined ? [from, ...members.map((it) => `${from}.${it}`)] : [plain]) {
        visit(each);
      }
    }
  };
  for (const name of names) {
    if (!existsSync(pathOf(name))) throw new Error(`there is no host/${fileOf(name)}`);
    visit(name);
  }
  return [...found].sort();
}

const imports = /^\s*(?:from ([\w.]+) import (?:\(([^)]*)\)|(.+)$)|import ([\w.]+)$)/gm;

function source(name: string): string {
  return readFileSync(pathOf(name), 'utf8');
}

function pathOf(name: string): string {
  return join(packageRoot, 'host', fileOf(name));
}

/** Below host/, and below a host's programFolder. */
function fileOf(name: string): string {
  const path = name.replaceAll('.', '/');
  return existsSync(join(packageRoot, 'host', path)) ? `${path}/__init__.py` : `${path}.py`;
}
