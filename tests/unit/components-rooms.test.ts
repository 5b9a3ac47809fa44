import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ImportGraph } from './importGraph';
import { cyclesOf, packagesBehind, readImports } from './importGraph';

const repositoryRoot = join(__dirname, '..', '..');
const graph = readImports(join(repositoryRoot, 'components'));
const roomOf = (file: string) => file.split('/')[0] ?? '';
const isRoom = (file: string) => file.includes('/');

/** The rooms from the top down, each with those that it may look into: the table in ARCHITECTURE.md. */
const declared = new Map(
  [...readFileSync(join(repositoryRoot, 'ARCHITECTURE.md'), 'utf8').matchAll(/^ {4}(\w+) +->(.*)$/gm)].map(
    ([, room = '', others = '']) => [room, others.split(' ').filter((other) => other !== '')],
  ),
);

/** Arrows between rooms, each with the imports that it is made of. */
function arrowsOf(imports: ImportGraph): ReadonlyMap<string, readonly string[]> {
  const arrows = new Map<string, string[]>();
  for (const [file, targets] of imports)
    for (const { target } of targets) {
      if (!isRoom(file) || !imports.has(target) || roomOf(file) === roomOf(target)) continue;
      const arrow = `${roomOf(file)} -> ${roomOf(target)}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), `${file} imports ${target}`]);
    }
  return arrows;
}

describe('the rooms of components/', () => {
  it('are those that ARCHITECTURE.md lists, from the top down', () => {
    const rooms = [...new Set([...graph.keys()].filter(isRoom).map(roomOf))];
    expect([...declared.keys()].toSorted()).toEqual(rooms.toSorted());
    for (const [index, [room, others]] of [...declared].entries()) {
      const below = [...declared.keys()].slice(index + 1);
      expect(
        others.filter((other) => !below.includes(other)),
        `${room} looks up`,
      ).toEqual([]);
    }
  });

  it('look only into those that ARCHITECTURE.md lets them, and into each of these', () => {
    const allowed = [...declared].flatMap(([room, others]) => others.map((other) => `${room} -> ${other}`));
    const arrows = arrowsOf(graph);
    const forbidden = [...arrows].filter(([arrow]) => !allowed.includes(arrow));
    expect(forbidden).toEqual([]);
    expect(allowed.filter((arrow) => !arrows.has(arrow))).toEqual([]);
  });
});

describe('the files of components/', () => {
  it('import nothing that is not there', () => {
    const missing = [...graph].flatMap(([file, imports]) =>
      imports
        .filter(({ target }) => isRoom(target) && declared.has(roomOf(target)) && !graph.has(target))
        .map(({ target }) => `${file} imports ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it('import each other in no circle', () => {
    expect(cyclesOf(graph)).toEqual([]);
  });

  it('reach no resource from a plan or from what is written to hosts', () => {
    const pure = [...graph.keys()].filter((file) => /\/(plan|files)$/.test(file));
    expect(pure).toContain('platform/plan');
    expect(pure).toContain('balancers/files');
    const resources = pure.flatMap((file) =>
      [...packagesBehind(graph, file)]
        .filter((name) => name.startsWith('@pulumi/') && name !== '@pulumi/pulumi')
        .map((name) => `${file} reaches ${name}`),
    );
    expect(resources).toEqual([]);
  });
});

describe('the graph of imports', () => {
  const types = (target: string) => ({ target, isType: true });
  const values = (target: string) => ({ target, isType: false });

  it('shows a circle, even of types alone', () => {
    const circle: ImportGraph = new Map([
      ['a/x', [values('b/y')]],
      ['b/y', [types('c/z')]],
      ['c/z', [types('b/y'), values('node:fs')]],
    ]);
    expect(cyclesOf(circle)).toEqual(['b/y -> c/z -> b/y']);
    expect([...arrowsOf(circle).keys()]).toEqual(['a -> b', 'b -> c', 'c -> b']);
  });

  it('tells packages that run from packages whose types are looked at', () => {
    const chain: ImportGraph = new Map([
      ['a/x', [values('b/y'), types('@pulumi/aws')]],
      ['b/y', [values('@pulumi/tls'), types('c/z')]],
      ['c/z', [values('@pulumi/random')]],
    ]);
    expect([...packagesBehind(chain, 'a/x')]).toEqual(['@pulumi/tls']);
  });
});
