import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { upperFirst } from './spoken';

/** How a language writes the name that an argument has in the schema. */
export type Spelling = (name: string) => string;

export const asInSchema: Spelling = (name) => name;

/** By Pulumi's names of runtimes; all others write names as the schema does. */
const spellings: ReadonlyMap<string, Spelling> = new Map([
  ['python', snakeCase],
  ['go', upperFirst],
  ['dotnet', upperFirst],
]);

/**
 * That of the program in a folder or in the nearest one around it, so that what is wrong is told by the names that the
 * user wrote. Pulumi starts a provider in the folder of the program and tells it nothing of the language; without a
 * Pulumi.yaml names are told as the schema has them.
 */
export function spellingIn(folder: string): Spelling {
  const file = ['Pulumi.yaml', 'Pulumi.yml']
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (file === undefined) return dirname(folder) === folder ? asInSchema : spellingIn(dirname(folder));
  const [, runtime = ''] = runtimeLine.exec(readFileSync(file, 'utf8')) ?? [];
  return spellings.get(runtime) ?? asInSchema;
}

/** `runtime: python`, or an object whose name comes first. */
const runtimeLine = /^runtime:[\s{]*(?:name:\s*)?["']?(\w+)/m;

/** As the generator of Python's SDKs does where no two capitals meet; a test compares the two. */
export function snakeCase(name: string): string {
  const words = name.replace(/(?<=[a-z0-9])[A-Z]/g, (capital) => `_${capital}`).toLowerCase();
  return keywords.has(words) ? `${words}_` : words;
}

/** Python's own words, which are no names. */
const keywords: ReadonlySet<string> = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);
