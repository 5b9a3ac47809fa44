import type { ArgumentsSchema, ObjectShape, Property, Shape } from '../arguments/schema';
import { definitionName } from '../arguments/schema';

/** The text of docs/configuration.md: a table for each interface, from its doc comments. */
export function configurationDocs(schema: ArgumentsSchema): string {
  const heading = [
    '# Configuration of a stack',
    '',
    '<!-- Made by `npm run docs` from the interfaces of the arguments in components/ and their doc comments. -->',
    '',
    'Each top-level key below is one argument of `MqttPlatform`, set as `emqx-haproxy:KEY` in `Pulumi.STACK.yaml`.',
    'An unknown key is refused, and so is everything else that is wrong, all at once, before anything is touched.',
    'Numbers are whole. Set a secret with `pulumi config set --secret --path emqx-haproxy:KEY.KEY`.',
  ].join('\n');
  const sections = Object.entries(schema.$defs).map(([name, shape]) => section(name, shape));
  return `${[heading, ...sections].join('\n\n')}\n`;
}

function section(name: string, { description, properties, required }: ObjectShape): string {
  const rows = Object.entries(properties).map(([key, property]) =>
    row([
      `\`${key}\``,
      typeName(property) + (property.secret === true ? ', secret' : ''),
      required.includes(key) ? '(required)' : defaultOf(property),
      property.description,
    ]),
  );
  return [
    `## ${name}`,
    '',
    description,
    '',
    row(['key', 'value', 'default', 'meaning']),
    row(['---', '---', '---', '---']),
    ...rows,
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultOf({ default: value, defaultText = '' }: Property): string {
  return value === undefined ? defaultText : `\`${value}\``;
}

function typeName(shape: Shape): string {
  if ('anyOf' in shape) return shape.anyOf.map(typeName).join(', or ');
  if ('$ref' in shape) return linked(definitionName(shape.$ref));
  if ('enum' in shape) return shape.enum.map((value) => `\`${value}\``).join(', ');
  if (typeof shape.type !== 'string') return 'anything';
  if (shape.type === 'array') return `list of ${typeName(shape.items)}`;
  if (shape.type === 'object') return `map from name to ${typeName(shape.additionalProperties)}`;
  return shape.type === 'integer' ? 'number' : shape.type;
}

function linked(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}
