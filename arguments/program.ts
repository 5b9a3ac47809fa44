import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { deriveArgumentsSchema } from './derive';
import type { ArgumentsSchema } from './schema';

const root = join(__dirname, '..');
const entry = join(root, 'components', 'index.ts');

/** The schema of MqttPlatform's arguments as the interfaces say now. */
export function derivedSchema(): ArgumentsSchema {
  return deriveArgumentsSchema(programOf([entry]), entry, 'MqttPlatformArgs');
}

/**
 * The interfaces and what they refer to. Of packages only @pulumi/pulumi is read, whose `Input` counts: an argument
 * of another package's type is no plain value, and reading @pulumi/aws takes seconds. `texts` stands in for files.
 */
export function programOf(
  files: readonly string[],
  texts: ReadonlyMap<string, string> = new Map(),
): ts.Program {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const options = { ...ts.parseJsonConfigFileContent(config.config, ts.sys, root).options, types: [] };
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.resolveModuleNameLiterals = (names, from, redirected, settings, source) =>
    names.map((name) => {
      const known = /^\.|^@pulumi\/pulumi$/.test(name.text) || from.includes('/node_modules/');
      if (!known) return { resolvedModule: undefined };
      const mode = ts.getModeForUsageLocation(source, name, settings);
      return ts.resolveModuleName(name.text, from, settings, host, undefined, redirected, mode);
    });
  return ts.createProgram([...files], options, host);
}
