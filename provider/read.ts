import { readFileSync } from 'node:fs';
import { secret } from '@pulumi/pulumi';
import type { Inputs } from '@pulumi/pulumi';
import { checkArguments } from '../arguments/check';
import type { Shape } from '../arguments/schema';
import { definitionName, definitionOf } from '../arguments/schema';
import type { Problem } from '../components';
import { Problems } from '../components';
import { refuse } from '../components/rendering/problems';
import { servedFile } from './served';
import { settle } from './settle';
import type { Spelling } from './spelling';
import type { SpokenObject, SpokenSchema } from './spoken';

/** A component's arguments, as another language wrote them and as the component takes them. */
export interface ReadArguments {
  readonly written: object;
  readonly args: object;
}

/**
 * Reads what another language gave. Throws one InputPropertiesError with everything whose form is wrong, by the names
 * that the language has for it; bounds are for the component to check.
 */
export async function readArguments(
  component: string,
  name: string,
  inputs: Inputs,
  spelling: Spelling,
): Promise<ReadArguments> {
  const schema = readSpokenSchema();
  const shape = argumentsOf(component, schema);
  const problems = new Problems();
  const written = await settle(inputs, shape, schema, problems);
  const told = new Set(problems.all.map(({ path }) => path));
  problems.addAll(checkArguments(written, schema, shape, spelling).filter(({ path }) => !told.has(path)));
  const args = new Unions(schema, problems, spelling).flatten(written, shape, '');
  const root = { shape, value: written };
  refuse(
    `${component} ${name}`,
    problems.all.map(({ path, reason }) => ({ path: spelledPath(path, root, schema, spelling), reason })),
  );
  if (!isObject(written) || !isObject(args)) throw new Error(`${component} ${name}: no arguments`);
  return { written, args };
}

/** A component's problems by the paths of another language, which name the form of a union. */
export function spokenProblems(
  component: string,
  written: object,
  problems: readonly Problem[],
  spelling: Spelling,
): readonly Problem[] {
  const schema = readSpokenSchema();
  const root = { shape: argumentsOf(component, schema), value: written };
  return problems.map(({ path, reason }) => {
    const spoken = spokenPath(path, root, schema);
    return { path: spelledPath(spoken, root, schema, spelling), reason };
  });
}

/** Where one is in the arguments: what may stand there, and what does. */
interface Place {
  readonly shape: Shape | undefined;
  readonly value: unknown;
}

function spokenPath(path: string, root: Place, schema: SpokenSchema): string {
  let place = root;
  let written = '';
  for (const step of stepsOf(path)) {
    const form = chosenForm(place, schema);
    if (form !== undefined) {
      place = within(place, form, schema);
      written = joined(written, form);
    }
    place = within(place, keyOf(step), schema);
    written = joined(written, step);
  }
  const form = chosenForm(place, schema);
  return form === undefined ? written : joined(written, form);
}

/** A path by a language's names of arguments; keys of maps and what nothing knows stay as they were written. */
function spelledPath(path: string, root: Place, schema: SpokenSchema, spelling: Spelling): string {
  let place = root;
  let written = '';
  for (const step of stepsOf(path)) {
    written = joined(written, isArgument(place, step, schema) ? spelling(step) : step);
    place = within(place, keyOf(step), schema);
  }
  return written;
}

function isArgument({ shape }: Place, step: string, schema: SpokenSchema): boolean {
  if (shape === undefined || !('$ref' in shape)) return false;
  return Object.hasOwn(definitionIn(schema, shape).properties, step);
}

function stepsOf(path: string): readonly string[] {
  return path.match(/[^.[]+|\[[^\]]*\]/g) ?? [];
}

function keyOf(step: string): string {
  return step.replace(/^\[(.*)\]$/, '$1');
}

function joined(path: string, step: string): string {
  return path === '' || step.startsWith('[') ? `${path}${step}` : `${path}.${step}`;
}

/** The member that names the form of a union. */
function chosenForm({ shape, value }: Place, schema: SpokenSchema): string | undefined {
  if (shape === undefined || !('$ref' in shape)) return undefined;
  return definitionIn(schema, shape).exactlyOne === true ? entriesOf(value)[0]?.[0] : undefined;
}

function within({ shape, value }: Place, key: string, schema: SpokenSchema): Place {
  const inner = entriesOf(value).find(([name]) => name === key)?.[1];
  if (shape === undefined) return { shape, value: inner };
  if ('$ref' in shape) return { shape: definitionIn(schema, shape).properties[key], value: inner };
  if ('items' in shape) return { shape: shape.items, value: inner };
  return {
    shape: 'additionalProperties' in shape ? shape.additionalProperties : undefined,
    value: inner,
  };
}

/** Puts the form that was given in the place of the object that names it. */
class Unions {
  constructor(
    private readonly schema: SpokenSchema,
    private readonly problems: Problems,
    private readonly spelling: Spelling,
  ) {}

  flatten(value: unknown, shape: Shape & { readonly secret?: true }, path: string): unknown {
    // Another language may have told that it is secret of the whole that it stands in.
    if (shape.secret === true && value !== undefined) return secret(value);
    if (shape.input === true || value === undefined || 'anyOf' in shape) return value;
    if ('$ref' in shape) {
      const definition = definitionIn(this.schema, shape);
      const members = entriesOf(value).map(([key, each]) => {
        const property = Object.hasOwn(definition.properties, key) ? definition.properties[key] : undefined;
        const where = path === '' ? key : `${path}.${key}`;
        return [key, property === undefined ? each : this.flatten(each, property, where)] as const;
      });
      if (definition.exactlyOne !== true) return Object.fromEntries(members);
      const [only, ...others] = members;
      const forms = Object.keys(definition.properties).map(this.spelling).join(', ');
      if (only === undefined) this.problems.add(path, `is empty; give exactly one of ${forms}`);
      else if (others.length > 0)
        this.problems.add(
          path,
          `has ${members.map(([key]) => this.spelling(key)).join(' and ')}; give exactly one of ${forms}`,
        );
      return only?.[1];
    }
    if (shape.type === 'array' && Array.isArray(value))
      return value.map((each: unknown, index) => this.flatten(each, shape.items, `${path}[${index}]`));
    if (shape.type === 'object' && 'additionalProperties' in shape)
      return Object.fromEntries(
        entriesOf(value).map(([key, each]) => [
          key,
          this.flatten(each, shape.additionalProperties, `${path}.${key}`),
        ]),
      );
    return value;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : [];
}

function definitionIn(schema: SpokenSchema, { $ref }: { readonly $ref: string }): SpokenObject {
  const definition = schema.$defs[definitionName($ref)];
  if (definition === undefined) throw new Error(`no definition ${$ref}`);
  return definition;
}

function argumentsOf(component: string, schema: SpokenSchema): Shape {
  const { properties } = definitionOf(schema, schema);
  const shape = Object.hasOwn(properties, component) ? properties[component] : undefined;
  if (shape === undefined)
    throw new Error(`no component ${component}; there are ${Object.keys(properties).join(', ')}`);
  return shape;
}

function readSpokenSchema(): SpokenSchema {
  // Written by docs.ts in this very form; a test fails when the file is not what that writes now.
  return JSON.parse(readFileSync(servedFile('arguments.schema.json'), 'utf8')) as SpokenSchema;
}
