import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What plain values the arguments may hold: JSON Schema 2020-12, of which these forms are used, with words of our own
 * for what JSON does not know. Bounds are not here: the plans in components/ check them, for every caller.
 */
export interface ArgumentsSchema extends Reference {
  readonly $schema: string;
  readonly $comment: string;
  readonly $defs: Readonly<Record<string, ObjectShape>>;
}

/** What a place in the arguments may hold. */
export type Shape = (
  | Reference
  | Union
  | Choice
  | Scalar
  | Anything
  | { readonly type: 'array'; readonly items: Shape }
  | MapShape
) & {
  /** True where code may give a `pulumi.Input`; a stack's configuration gives the plain value. */
  readonly input?: true;
};

/** A property: what it may hold, and what its doc comment says. */
export type Property = Shape & {
  readonly description: string;
  /** True where the value is a secret, which no message and no output may show. */
  readonly secret?: true;
  /** What holds where the property is left out, if that is one plain value. */
  readonly default?: string | number | boolean;
  /** The same in words, where it is none. */
  readonly defaultText?: string;
};

/** An interface. */
export interface ObjectShape {
  readonly type: 'object';
  readonly description: string;
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

/** An interface by its name in `$defs`. */
export interface Reference {
  readonly $ref: string;
}

/** One of several forms. */
export interface Union {
  readonly anyOf: readonly Shape[];
}

/** One of some texts. */
export interface Choice {
  readonly type: 'string';
  readonly enum: readonly string[];
}

/** Every number is a whole one. */
export interface Scalar {
  readonly type: 'string' | 'integer' | 'boolean';
}

/** Whatever JSON can say: another program knows what it may be. */
export interface Anything {
  readonly type: typeof anything;
}

export const anything = ['string', 'number', 'boolean', 'object', 'array', 'null'] as const;

/** Values under names that the user chooses. */
export interface MapShape {
  readonly type: 'object';
  readonly additionalProperties: Shape;
}

/** Where the derived schema lies. */
export const schemaFile = join(__dirname, 'arguments.schema.json');

/** The schema of MqttPlatform's arguments, as it is derived from their interfaces (`npm run docs`). */
export function readArgumentsSchema(): ArgumentsSchema {
  // Written by derive.ts in this very form; a test fails when the file is not what that writes now.
  return JSON.parse(readFileSync(schemaFile, 'utf8')) as ArgumentsSchema;
}

/** The interface that a reference names. */
export function definitionOf(schema: ArgumentsSchema, { $ref }: Reference): ObjectShape {
  const definition = schema.$defs[definitionName($ref)];
  if (definition === undefined) throw new Error(`no definition ${$ref}`);
  return definition;
}

export function reference(name: string): Reference {
  return { $ref: `#/$defs/${name}` };
}

export function definitionName($ref: string): string {
  return $ref.replace('#/$defs/', '');
}

/** The schema of all arguments but some of the outermost. */
export function withoutArguments(schema: ArgumentsSchema, names: readonly string[]): ArgumentsSchema {
  const root = definitionOf(schema, schema);
  const properties = Object.entries(root.properties).filter(([name]) => !names.includes(name));
  return {
    ...schema,
    $defs: {
      ...schema.$defs,
      [definitionName(schema.$ref)]: {
        ...root,
        properties: Object.fromEntries(properties),
        required: root.required.filter((name) => !names.includes(name)),
      },
    },
  };
}
