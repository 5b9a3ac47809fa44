import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { PackageSchema } from '../../provider/packageSchema';
import { repositoryRoot } from '../../proving/product';

const fileAt = (path: string) =>
  ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);

/** Each name that a package's entry exports, with where it is declared. */
function publicDeclarations(entry: string): ReadonlyMap<string, ts.Node> {
  const exported = fileAt(entry).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
    const { moduleSpecifier, exportClause } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const file = fileAt(`${join(dirname(entry), moduleSpecifier.text)}.ts`);
    if (!ts.isNamedExports(exportClause)) return [];
    return exportClause.elements.map(({ name }) => [name.text, declarationOf(file, name.text)] as const);
  });
  return new Map(exported);
}

function declarationOf(file: ts.SourceFile, name: string): ts.Node {
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      if (statement.declarationList.declarations.some((each) => each.name.getText() === name))
        return statement;
    } else if (isNamed(statement) && statement.name.text === name) return statement;
  }
  throw new Error(`${file.fileName} has no ${name}`);
}

function isNamed(statement: ts.Statement): statement is ts.Statement & { readonly name: ts.Identifier } {
  return 'name' in statement && ts.isIdentifier(statement.name as ts.Node);
}

/** A symbol's members that others may use; a constructor's parameters are documented where they are properties. */
function publicMembers(declaration: ts.Node): readonly ts.ClassElement[] | readonly ts.TypeElement[] {
  if (ts.isInterfaceDeclaration(declaration)) return declaration.members;
  if (!ts.isClassDeclaration(declaration)) return [];
  return declaration.members.filter(
    (member) =>
      !ts.isConstructorDeclaration(member) &&
      (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0,
  );
}

const isDocumented = (node: ts.Node) => ts.getJSDocCommentsAndTags(node).length > 0;

describe('every public symbol is documented', () => {
  it('of the npm package, with its members', () => {
    const declarations = publicDeclarations(join(repositoryRoot, 'components', 'index.ts'));
    expect(declarations.size).toBeGreaterThan(80);
    const bare = [...declarations].flatMap(([name, declaration]) => [
      ...(isDocumented(declaration) ? [] : [name]),
      ...publicMembers(declaration)
        .filter((member) => !isDocumented(member))
        .map((member) => `${name}.${member.name?.getText() ?? ''}`),
    ]);
    expect(bare).toEqual([]);
  });

  it('of the package for other languages, down to each argument and output', () => {
    const schema = JSON.parse(
      readFileSync(join(repositoryRoot, 'provider', 'schema.json'), 'utf8'),
    ) as PackageSchema;
    const told: Readonly<Record<string, string | undefined>>[] = [];
    for (const [token, { description, inputProperties, properties }] of Object.entries(schema.resources))
      told.push(
        { [token]: description },
        describedBy(token, inputProperties),
        describedBy(token, properties),
      );
    for (const [token, type] of Object.entries(schema.types))
      if (type.type === 'object')
        told.push({ [token]: type.description }, describedBy(token, type.properties));
    const all = told.flatMap((each) => Object.entries(each));
    expect(all.length).toBeGreaterThan(300);
    expect(all.filter(([, description = '']) => description.trim() === '').map(([place]) => place)).toEqual(
      [],
    );
  });
});

function describedBy(holder: string, properties: Readonly<Record<string, { readonly description: string }>>) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, { description }]) => [`${holder}.${name}`, description]),
  );
}
