import type { ArgumentsSchema, ObjectShape, Property, Shape, Union } from '../arguments/schema';
import { definitionName, reference } from '../arguments/schema';

/**
 * The arguments as every language can write them: Python, Go, C# and Java have no unions, so that a union is an object
 * with a member for each of its forms, of which exactly one is given. Otherwise the schema is that of the arguments.
 */
export interface SpokenSchema extends ArgumentsSchema {
  readonly $defs: Readonly<Record<string, SpokenObject>>;
}

export interface SpokenObject extends ObjectShape {
  /** True where the members are the forms of a union. */
  readonly exactlyOne?: true;
}

/** The arguments' schema without unions. */
export function spokenSchema(schema: ArgumentsSchema): SpokenSchema {
  const choices = new Map<string, SpokenObject>();
  const spokenProperty = (holder: string, name: string, property: Property): Property => {
    if (!('anyOf' in property)) return { ...property, ...withoutUnionsWithin(property, `${holder}.${name}`) };
    const { anyOf, ...told } = property;
    const choice = `${withoutSuffix(holder)}${upperFirst(name)}Args`;
    if (Object.hasOwn(schema.$defs, choice))
      throw new Error(`${choice} is an interface, and would be the name of the forms of ${holder}.${name}`);
    choices.set(choice, choiceOf({ anyOf }, told.description));
    return { ...told, ...reference(choice) };
  };
  const definitions = Object.entries(schema.$defs).map(([holder, definition]) => {
    const properties = Object.entries(definition.properties).map(
      ([name, property]) => [name, spokenProperty(holder, name, property)] as const,
    );
    return [holder, { ...definition, properties: Object.fromEntries(properties) }] as const;
  });
  return { ...schema, $defs: { ...Object.fromEntries(definitions), ...Object.fromEntries(choices) } };
}

/** The object whose members are a union's forms. */
function choiceOf({ anyOf }: Union, description: string): SpokenObject {
  const members = anyOf.map((form): [string, Property] => [
    formName(form),
    { ...form, description: descriptionOf(form) },
  ]);
  const names = members.map(([name]) => name);
  if (new Set(names).size < names.length) throw new Error(`forms of one name: ${names.join(', ')}`);
  return {
    type: 'object',
    description: `${description} Exactly one of ${names.join(', ')} is given.`,
    properties: Object.fromEntries(members),
    required: [],
    additionalProperties: false,
    exactlyOne: true,
  };
}

function formName(form: Shape): string {
  if ('$ref' in form) return lowerFirst(withoutSuffix(definitionName(form.$ref)));
  if ('anyOf' in form) throw new Error('a union within a union');
  if ('enum' in form) return 'choice';
  if (typeof form.type !== 'string') throw new Error('a union of anything');
  switch (form.type) {
    case 'integer':
      return 'count';
    case 'object':
      return 'named';
    case 'array':
      return 'list';
    case 'boolean':
      return 'enabled';
    case 'string':
      return 'text';
  }
}

function descriptionOf(form: Shape): string {
  if ('$ref' in form) return `As ${withoutSuffix(definitionName(form.$ref))} says.`;
  if ('anyOf' in form) throw new Error('a union within a union');
  if ('enum' in form) return `One of ${form.enum.join(', ')}.`;
  if (typeof form.type !== 'string') throw new Error('a union of anything');
  switch (form.type) {
    case 'integer':
      return 'As a number.';
    case 'object':
      return 'Each by its name.';
    case 'array':
      return 'As a list.';
    case 'boolean':
      return 'Whether at all.';
    case 'string':
      return 'As a text.';
  }
}

/** Unions stand in properties, where they have a name; elsewhere nothing tells what to call them. */
function withoutUnionsWithin(shape: Shape, where: string): Shape {
  if ('anyOf' in shape) throw new Error(`${where} has a union within a list or a map, which has no name`);
  if ('$ref' in shape || 'enum' in shape) return shape;
  if (shape.type === 'array') withoutUnionsWithin(shape.items, where);
  if (shape.type === 'object') withoutUnionsWithin(shape.additionalProperties, where);
  return shape;
}

/**
 * Interfaces of arguments end in `Args`, which the SDKs of other languages add by themselves; `Alone` tells those of a
 * component from what TypeScript gives it.
 */
export function withoutSuffix(name: string): string {
  return name.replace(/(Alone)?Args$/, '');
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
