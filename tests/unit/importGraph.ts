import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import * as ts from 'typescript';

/** One `import` or `export ... from` of a file. */
export interface Import {
  /** A file, without its ending and relative to the root of the graph; or a package. */
  readonly target: string;
  /** True where only types are imported: nothing of the target runs. */
  readonly isType: boolean;
}

/** The imports of each file; files are named without their ending. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

/** Reads the TypeScript files below a folder. */
export function readImports(root: string): ImportGraph {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return new Map(
    files.map((file) => [file.replace(/\.ts$/, ''), importsOf(file, readFileSync(join(root, file), 'utf8'))]),
  );
}

function importsOf(file: string, text: string): readonly Import[] {
  const { statements } = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const { text: name } = moduleSpecifier;
    const isType = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    return [{ target: name.startsWith('.') ? normalize(join(dirname(file), name)) : name, isType }];
  });
}

/** The files of each cycle that there is, one way round it; types count as well. */
export function cyclesOf(graph: ImportGraph): readonly string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const before = way.indexOf(file);
    if (before >= 0) cycles.push([...way.slice(before), file].join(' -> '));
    if (before >= 0 || done.has(file)) return;
    for (const { target } of graph.get(file) ?? []) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

/** The packages that a file makes run, by way of whatever it imports. */
export function packagesBehind(graph: ImportGraph, file: string): ReadonlySet<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (each: string): void => {
    if (seen.has(each)) return;
    seen.add(each);
    for (const { target, isType } of graph.get(each) ?? []) {
      if (isType) continue;
      if (graph.has(target)) visit(target);
      else packages.add(target);
    }
  };
  visit(file);
  return packages;
}
