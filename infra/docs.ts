import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { derivedSchema } from '../arguments/program';
import type { ArgumentsSchema } from '../arguments/schema';
import { schemaFile } from '../arguments/schema';
import { configurationSchema } from './configuration';
import { configurationDocs } from './configurationDocs';

const root = join(__dirname, '..');

/** A file that is derived from the arguments' interfaces, and what it must say. */
export interface DerivedFile {
  readonly path: string;
  readonly content: string;
}

export function derivedFiles(schema: ArgumentsSchema = derivedSchema()): readonly DerivedFile[] {
  return [
    { path: schemaFile, content: `${JSON.stringify(schema, null, 2)}\n` },
    {
      path: join(root, 'docs', 'configuration.md'),
      content: configurationDocs(configurationSchema(schema)),
    },
  ];
}

/** The derived files that say something else, by their path in the repository. */
export function outdatedFiles(files: readonly DerivedFile[] = derivedFiles()): readonly string[] {
  return files
    .filter(({ path, content }) => readFileSync(path, 'utf8') !== content)
    .map(({ path }) => relative(root, path));
}
