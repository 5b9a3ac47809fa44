import type { ArgumentsSchema, ObjectShape, Property, Shape } from '../arguments/schema';
import { definitionName, definitionOf } from '../arguments/schema';
import type { SpokenSchema } from './spoken';
import { upperFirst, withoutSuffix } from './spoken';

/** The package's name, in every language, in type tokens and in the engine. */
export const packageName = 'emqx-haproxy';

/** What Pulumi's generators make SDKs from, as far as it is used here. */
export interface PackageSchema {
  readonly name: string;
  readonly version: string;
  readonly types: Readonly<Record<string, PackageType>>;
  readonly resources: Readonly<Record<string, PackageResource>>;
  readonly [other: string]: unknown;
}

export type PackageType =
  | {
      readonly type: 'object';
      readonly description?: string;
      readonly properties: Readonly<Record<string, PackageProperty>>;
      readonly required: readonly string[];
    }
  | {
      readonly type: 'string';
      readonly enum: readonly { readonly name: string; readonly value: string }[];
    };

export interface PackageResource {
  readonly isComponent: true;
  readonly description: string;
  readonly inputProperties: Readonly<Record<string, PackageProperty>>;
  readonly requiredInputs: readonly string[];
  readonly properties: Readonly<Record<string, PackageProperty>>;
  readonly required: readonly string[];
}

export interface PackageValue {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: PackageValue;
  readonly additionalProperties?: PackageValue;
  /** True where the value must be known before anything is made. */
  readonly plain?: true;
}

export interface PackageProperty extends PackageValue {
  readonly description: string;
  readonly secret?: true;
}

/** What is told of the package itself. */
export interface PackageFacts {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** Who publishes it, where the root's manifest has an author. */
  readonly publisher?: string;
  /** Where it is, and its logo, where the root's manifest says where the repository is. */
  readonly repository?: string;
  readonly logoUrl?: string;
}

/** The package's schema: a component for each property of the arguments' root. */
export function packageSchema(
  facts: PackageFacts,
  spoken: SpokenSchema,
  outputs: ArgumentsSchema,
): PackageSchema {
  const components = definitionOf(spoken, spoken).properties;
  const types = new PackageTypes(Object.keys(components));
  const resources = Object.entries(components).map(([name, component]) => {
    if (!('$ref' in component)) throw new Error(`${name} has no interface of arguments`);
    const taken = definitionOf(spoken, component);
    const told = outputs.$defs[`${name}Outputs`];
    if (told === undefined) throw new Error(`${name} tells no outputs`);
    return [
      `${packageName}:index:${name}`,
      {
        isComponent: true as const,
        description: component.description,
        inputProperties: types.inputs(name, taken, spoken),
        requiredInputs: taken.required,
        properties: types.outputs(name, told, outputs),
        required: told.required,
      },
    ] as const;
  });
  return {
    name: packageName,
    displayName: 'EMQX behind HAProxy',
    ...facts,
    keywords: ['pulumi', 'category/infrastructure', 'kind/component', 'emqx', 'mqtt', 'haproxy', 'aws'],
    meta: { moduleFormat: '(.*)' },
    language: {
      nodejs: { packageName: `${packageName}-sdk`, respectSchemaVersion: true },
      // Else the CLI puts the owner of the repository that it is added from in the place of `pulumi`.
      python: {
        packageName: `pulumi_${packageName.replaceAll('-', '_')}`,
        pyproject: { enabled: true },
        respectSchemaVersion: true,
      },
      go: { respectSchemaVersion: true },
      csharp: { respectSchemaVersion: true },
    },
    types: types.all(),
    resources: Object.fromEntries(resources),
  };
}

/** The types that properties refer to, each told once. */
class PackageTypes {
  private readonly types = new Map<string, PackageType>();

  constructor(private readonly components: readonly string[]) {}

  all(): Readonly<Record<string, PackageType>> {
    return Object.fromEntries([...this.types].toSorted(([a], [b]) => a.localeCompare(b)));
  }

  inputs(holder: string, shape: ObjectShape, schema: ArgumentsSchema) {
    return this.properties(holder, shape, (value, place) => this.input(value, place, schema));
  }

  outputs(holder: string, shape: ObjectShape, schema: ArgumentsSchema) {
    return this.properties(holder, shape, (value, place) => this.output(value, place, schema));
  }

  private properties(
    holder: string,
    { properties }: ObjectShape,
    value: (shape: Shape, place: string) => PackageValue,
  ): Readonly<Record<string, PackageProperty>> {
    return Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        {
          description: inWords(property),
          ...value(property, `${holder}${upperFirst(name)}`),
          ...(property.secret === true ? { secret: true as const } : {}),
        },
      ]),
    );
  }

  private input(shape: Shape, place: string, schema: ArgumentsSchema): PackageValue {
    return {
      ...this.value(shape, place, schema, (inner, at) => this.input(inner, at, schema)),
      ...(shape.input === true ? {} : { plain: true as const }),
    };
  }

  private output(shape: Shape, place: string, schema: ArgumentsSchema): PackageValue {
    return this.value(shape, place, schema, (inner, at) => this.output(inner, at, schema));
  }

  private value(
    shape: Shape,
    place: string,
    schema: ArgumentsSchema,
    within: (shape: Shape, place: string) => PackageValue,
  ): PackageValue {
    if ('anyOf' in shape) throw new Error(`${place} is a union`);
    if ('$ref' in shape) {
      const name = withoutSuffix(definitionName(shape.$ref));
      const definition = definitionOf(schema, shape);
      return this.refer(name, () => ({
        type: 'object',
        description: definition.description,
        properties: this.properties(name, definition, within),
        required: definition.required,
      }));
    }
    if ('enum' in shape)
      return this.refer(place, () => ({
        type: 'string',
        enum: shape.enum.map((value) => ({ name: wordsOf(value).map(upperFirst).join(''), value })),
      }));
    if (shape.type === 'array') return { type: 'array', items: within(shape.items, place) };
    if (shape.type === 'object')
      return { type: 'object', additionalProperties: within(shape.additionalProperties, place) };
    return typeof shape.type === 'string' ? { type: shape.type } : { $ref: 'pulumi.json#/Any' };
  }

  private refer(name: string, define: () => PackageType): PackageValue {
    // A component's own name stands for its class.
    const free = this.components.includes(name) ? `${name}Settings` : name;
    const token = `${packageName}:index:${free}`;
    const definition = define();
    const known = this.types.get(token);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(definition))
      throw new Error(`${free} would mean different things in different places`);
    this.types.set(token, definition);
    return { $ref: `#/types/${token}` };
  }
}

/** A description with the default, which SDKs have no other place for. */
function inWords({ description, default: value, defaultText }: Property): string {
  if (value !== undefined) return `${description} Defaults to ${JSON.stringify(value)}.`;
  return defaultText === undefined ? description : `${description} Default: ${defaultText}.`;
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
}
