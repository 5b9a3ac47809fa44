import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { z } from 'zod';
import { configurationSchema } from './schema';

/**
 * Writes docs/configuration.md: the shape from the schema, what each field means from the doc comments of the
 * interfaces in components/, so that neither is told twice. `--check` compares instead and exits 1 on a difference.
 */
const root = join(__dirname, '..');
const target = join(root, 'docs', 'configuration.md');

interface Shape {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | false;
  readonly $defs?: Readonly<Record<string, Shape>>;
}

export function configurationDocs(): string {
  // The generator's own output format: JSON Schema of the parts used above.
  const schema = z.toJSONSchema(configurationSchema, { reused: 'inline' }) as Shape;
  const interfaces = readInterfaces();
  const defined = Object.entries(schema.$defs ?? {});
  const isRoot = ([name]: readonly [string, Shape]) => name === 'MqttPlatformArgs';
  const sections = [...defined.filter(isRoot), ...defined.filter((entry) => !isRoot(entry))];
  const heading = [
    '# Configuration of a stack',
    '',
    '<!-- Made by `npm run docs` from infra/schema.ts and the doc comments in components/. -->',
    '',
    'Each top-level key below is one argument of `MqttPlatform`, set as `emqx-haproxy:KEY` in `Pulumi.STACK.yaml`.',
    'An unknown key is refused, and so is everything else that is wrong, all at once, before anything is touched.',
  ].join('\n');
  return `${[heading, ...sections.map(([name, shape]) => section(name, shape, interfaces))].join('\n\n')}\n`;
}

function section(name: string, shape: Shape, interfaces: ReadonlyMap<string, Interface>): string {
  const described = interfaces.get(name);
  if (described === undefined) throw new Error(`infra/schema.ts: no interface ${name} in components/`);
  const rows = Object.entries(shape.properties ?? {}).map(([key, value]) => {
    const text = described.fields.get(key);
    if (text === undefined) throw new Error(`components/: ${name}.${key} has no doc comment`);
    const required = shape.required?.includes(key) === true ? ' (required)' : '';
    return `| \`${key}\`${required} | ${typeName(value)} | ${text.replace(/\|/g, '\\|')} |`;
  });
  return [
    `## ${name}`,
    '',
    described.text,
    '',
    '| key | value | meaning |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function typeName(shape: Shape): string {
  if (shape.$ref !== undefined) return linked(shape.$ref.replace('#/$defs/', ''));
  if (shape.enum !== undefined) return shape.enum.map((value) => `\`${value}\``).join(', ');
  if (shape.anyOf !== undefined) return shape.anyOf.map(typeName).join(', or ');
  if (shape.type === 'array' && shape.items !== undefined) return `list of ${typeName(shape.items)}`;
  if (
    shape.type === 'object' &&
    shape.additionalProperties !== undefined &&
    shape.additionalProperties !== false
  )
    return `map from name to ${typeName(shape.additionalProperties)}`;
  return shape.type ?? 'any';
}

function linked(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}

interface Interface {
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Doc comments of every exported interface in components/, inherited fields included. */
function readInterfaces(): ReadonlyMap<string, Interface> {
  const entry = join(root, 'components', 'index.ts');
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const moduleSymbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (moduleSymbol === undefined) throw new Error(`cannot read ${entry}`);
  const comment = (symbol: ts.Symbol) =>
    ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s*\n\s*/g, ' ');
  const found = new Map<string, Interface>();
  for (const exported of checker.getExportsOfModule(moduleSymbol)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if ((symbol.flags & ts.SymbolFlags.Interface) === 0) continue;
    const fields = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
    found.set(exported.name, {
      text: comment(symbol),
      fields: new Map(
        fields.map((field) => [field.name, comment(field)] as const).filter(([, text]) => text !== ''),
      ),
    });
  }
  return found;
}

function main(check: boolean): void {
  const made = configurationDocs();
  if (!check) {
    writeFileSync(target, made);
    return;
  }
  if (readFileSync(target, 'utf8') === made) return;
  process.stderr.write('docs/configuration.md is not what the schema says now; run `npm run docs`\n');
  process.exitCode = 1;
}

if (require.main === module) main(process.argv.includes('--check'));
