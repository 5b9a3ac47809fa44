import type { PackageProperty, PackageSchema } from './packageSchema';

/** The page of what a stack puts out: MqttPlatform's outputs, as their doc comments tell of them. */
export function renderOutputs({ resources, types }: PackageSchema): string {
  const platform = resources['emqx-haproxy:index:MqttPlatform'];
  if (platform === undefined) throw new Error('the schema has no MqttPlatform');
  const rows = Object.entries(platform.properties).flatMap(([name, property]) => [
    row(name, property, platform.required.includes(name)),
    ...membersOf(property, types).map(([member, inner, isThere]) =>
      row(`${name}${inMany(property)}.${member}`, inner, isThere),
    ),
  ]);
  return [
    '# Outputs of a stack',
    '',
    'What `pulumi stack output` shows, and what `MqttPlatform` tells in other languages. Secret ones need `--show-secrets`, and are',
    'encrypted in the state. Made from the sources by `npm run docs`; not to be edited.',
    '',
    '| output | what |',
    '| --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function row(name: string, { description, secret }: PackageProperty, isThere: boolean): string {
  const notes = [...(secret === true ? ['secret'] : []), ...(isThere ? [] : ['not always there'])];
  const told = notes.length === 0 ? description : `${description} _(${notes.join(', ')})_`;
  return `| \`${name}\` | ${told.replaceAll('|', '\\|')} |`;
}

/** Members of the objects that an output is, or is a list or a map of. */
function membersOf(
  property: PackageProperty,
  types: PackageSchema['types'],
): readonly (readonly [string, PackageProperty, boolean])[] {
  const $ref = property.$ref ?? property.items?.$ref ?? property.additionalProperties?.$ref;
  const type = types[($ref ?? '').replace('#/types/', '')];
  if (type === undefined || !('properties' in type)) return [];
  return Object.entries(type.properties).map(([name, inner]) => [name, inner, type.required.includes(name)]);
}

function inMany({ items, additionalProperties }: PackageProperty): string {
  if (items !== undefined) return '[]';
  return additionalProperties === undefined ? '' : '.NAME';
}
