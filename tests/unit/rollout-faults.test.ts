import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../proving/product';
import { deeds, rollouts } from '../../proving/rollouts/plan';

const kinds = [
  'files',
  'versions',
  'replaced hosts',
  'a broker less',
  'a broker more',
  'secrets',
  'reboots',
] as const;
const faults = [
  'runner killed',
  'SSH cut',
  'host dies',
  'does not start',
  'not taken back',
  'disk fills',
  'two ups',
  'address moves',
] as const;

const page = readFileSync(join(repositoryRoot, 'docs', 'rollout-faults.md'), 'utf8');

/** A change against a fault: what becomes of it, and the tests that show it. */
interface Cell {
  readonly fault: string;
  readonly kind: string;
  readonly text: string;
  readonly tests: readonly { readonly path: string; readonly name: string }[];
}

const cells: readonly Cell[] = page
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const [fault = '', ...lines] = section.split('\n');
    return lines
      .join('\n')
      .split(/^- \*\*/m)
      .slice(1)
      .map((bullet) => {
        const [kind = '', text = ''] = bullet.split('**: ');
        const tests = [...bullet.matchAll(/^ {2}- `(\S+)`: (.+)$/gm)].map(([, path = '', name = '']) => ({
          path,
          name,
        }));
        return { fault, kind, text, tests };
      });
  });

const keyOf = ({ fault, kind }: Pick<Cell, 'fault' | 'kind'>) => `${kind}; ${fault}`;

/** Where a test runs, as the table's letters say. */
function letterOf(path: string): string {
  if (path.startsWith('host/')) return 'H';
  if (path.startsWith('tests/lab/')) return 'L';
  return path.startsWith('proving/rollouts/') ? 'R' : 'U';
}

/** The table's own cells, by the same keys. */
function table(): ReadonlyMap<string, string> {
  const rows = page.split('\n').flatMap((line) => {
    if (!line.startsWith('|')) return [];
    const [, ...fields] = line.split('|').map((field) => field.trim());
    return [fields.slice(0, -1)];
  });
  const [[, ...heads] = [], , ...body] = rows;
  return new Map(
    body.flatMap(([kind = '', ...letters]) =>
      letters.map((each, index) => [keyOf({ fault: heads[index] ?? '', kind }), each] as const),
    ),
  );
}

/** Whether a file has a test of that name: a function of Python, the title of one in TypeScript, a drawn step. */
function isThere(path: string, name: string): boolean {
  const text = readFileSync(join(repositoryRoot, path), 'utf8');
  if (path.endsWith('.py')) return text.includes(`\ndef test_${name.replaceAll(/\W/g, '_')}(`);
  if (!path.startsWith('proving/rollouts/'))
    return [`'${name}'`, `"${name}"`].some((title) => text.includes(title));
  const [rollout, deed] = name.split('; ');
  return rollouts.some((each) => each.name === rollout) && deeds.some((each) => each.name === deed);
}

describe('docs/rollout-faults.md', () => {
  it('answers for each kind of change and each fault, once', () => {
    const all = faults.flatMap((fault) => kinds.map((kind) => keyOf({ fault, kind })));
    expect(cells.map(keyOf)).toEqual(all);
  });

  it.each(cells)('names tests of $kind when $fault, or why none is needed', ({ text, tests }) => {
    expect(tests.length > 0 || text.startsWith('none needed: ')).toBe(true);
    expect(tests.filter(({ path, name }) => !isThere(path, name))).toEqual([]);
  });

  it('has the same in its table', () => {
    const letters = cells.map(({ tests, ...cell }) => {
      const found = ['H', 'U', 'L', 'R'].filter((each) => tests.some(({ path }) => letterOf(path) === each));
      return [keyOf(cell), found.join(' ') || '-'] as const;
    });
    expect(table()).toEqual(new Map(letters));
  });
});
