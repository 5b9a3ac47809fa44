import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../proving/product';

const folder = (name: string) => join(repositoryRoot, name);
const table = readFileSync(folder('lab/STRICTNESS.md'), 'utf8');
const told = new Set([...table.matchAll(/`(\w+)`/g)].map(([, name = '']) => name));

/** What is found in all files of folders, once each. */
function found(folders: readonly string[], ends: string, pattern: RegExp): readonly string[] {
  const texts = folders.flatMap((name) =>
    readdirSync(folder(name), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(ends) && !path.includes('tests/'))
      .map((path) => readFileSync(join(folder(name), path), 'utf8')),
  );
  const names = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name));
  return [...new Set(names)];
}

describe('lab/STRICTNESS.md', () => {
  it.each([
    ['resource that is made', ['components', 'infra'], '.ts', /\bnew aws\.(?:\w+\.)?([A-Z]\w+)\(/g, 20],
    ['question to AWS', ['components', 'infra'], '.ts', /\baws\.(?:\w+\.)?(get[A-Z]\w*?)(?:Output)?\(/g, 15],
    [
      'call of a host',
      ['host'],
      '.py',
      /"((?:Associate|Assign|Unassign|Describe|Replace|GetSecret)[A-Z]?\w+)"/g,
      6,
    ],
  ] as const)('has a row for each %s', (_, folders, ends, pattern, least) => {
    const used = found(folders, ends, pattern);
    expect(used.length).toBeGreaterThanOrEqual(least);
    expect(used.filter((name) => !told.has(name))).toEqual([]);
  });

  it('names tests that there are', () => {
    const files = readdirSync(folder('tests'), { recursive: true, encoding: 'utf8' });
    const named = [...table.matchAll(/\b(?:lab-api|lab-aws|lab-providers)-[a-z-]+\b/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter((name) => !files.some((file) => file.endsWith(`/${name}.test.ts`)));
    expect([...new Set(missing)]).toEqual([]);
  });
});
