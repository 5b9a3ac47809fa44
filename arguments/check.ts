import { Output } from '@pulumi/pulumi';
import type { Problem } from '../components';
import { nearestName } from '../components/rendering/nearestName';
import type { ArgumentsSchema, ObjectShape, Shape } from './schema';
import { definitionOf } from './schema';
import { allowed, kindOf, show } from './words';

/** One thing that is wrong with plain values, at one place. */
export interface ShapeProblem extends Problem {
  /** The keys that lead to the place. */
  readonly keys: readonly (string | number)[];
  /** True for a key that nothing knows: without it, the rest may be right. */
  readonly unknownKey: boolean;
}

/**
 * Everything that makes plain values other than the schema says, or other than a part of it: unknown keys, missing
 * ones, wrong types. Whether a number is whole and within its bounds is for the plans to say, which know the bounds.
 * An Output where code may give one is taken as it is. Names that are known are told as `spelling` writes them.
 */
export function checkArguments(
  values: unknown,
  schema: ArgumentsSchema,
  shape: Shape = schema,
  spelling: (name: string) => string = (name) => name,
): readonly ShapeProblem[] {
  return new Check(schema, spelling).check(values, shape, []);
}

/** A copy without the keys that nothing knows. */
export function withoutUnknownKeys(values: unknown, problems: readonly ShapeProblem[]): unknown {
  const copy: unknown = structuredClone(values);
  for (const { keys } of problems.filter(({ unknownKey }) => unknownKey)) {
    const holder = keys
      .slice(0, -1)
      .reduce<unknown>((inner, key) => (isHolder(inner) ? inner[String(key)] : undefined), copy);
    if (isHolder(holder)) Reflect.deleteProperty(holder, String(keys.at(-1)));
  }
  return copy;
}

type Keys = ShapeProblem['keys'];

class Check {
  constructor(
    private readonly schema: ArgumentsSchema,
    private readonly spelling: (name: string) => string,
  ) {}

  check(value: unknown, shape: Shape, keys: Keys): readonly ShapeProblem[] {
    if (shape.input === true && Output.isInstance(value)) return [];
    if ('anyOf' in shape) return this.checkUnion(value, shape.anyOf, keys);
    if (!fits(value, shape)) return [problem(keys, refusal(value, shape))];
    if ('$ref' in shape) return this.checkObject(value, definitionOf(this.schema, shape), keys);
    if (shape.type === 'array')
      return entries(value).flatMap(([index, item]) =>
        this.check(item, shape.items, [...keys, Number(index)]),
      );
    if (shape.type === 'object')
      return entries(value).flatMap(([key, each]) =>
        this.check(each, shape.additionalProperties, [...keys, key]),
      );
    return [];
  }

  private checkObject(value: unknown, { properties, required }: ObjectShape, keys: Keys) {
    const given = entries(value);
    const missing = required.filter((name) => !given.some(([key]) => key === name));
    return [
      ...given.flatMap(([key, each]) => {
        const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
        return property === undefined
          ? [unknownKey([...keys, key], Object.keys(properties).map(this.spelling))]
          : this.check(each, property, [...keys, key]);
      }),
      ...missing.map((name) => problem([...keys, name], `is missing; ${needed(properties[name])}`)),
    ];
  }

  private checkUnion(value: unknown, alternatives: readonly Shape[], keys: Keys): readonly ShapeProblem[] {
    const fitting = alternatives.filter((shape) => fits(value, shape));
    const tried = fitting.map((shape) => ({ shape, problems: this.check(value, shape, keys) }));
    if (tried.some(({ problems }) => problems.length === 0)) return [];
    // Told by the alternative that is meant: the one that knows most of the keys, then the one with least to say.
    const [closest] = tried.sort(
      (a, b) =>
        this.known(value, b.shape).length - this.known(value, a.shape).length ||
        a.problems.length - b.problems.length,
    );
    if (closest === undefined) return [problem(keys, refusal(value, { anyOf: alternatives }))];
    const beside = this.known(value, closest.shape);
    const others = fitting.filter((shape) => shape !== closest.shape);
    return closest.problems.map((found) => {
      const key = found.keys[keys.length];
      const elsewhere =
        found.unknownKey &&
        found.keys.length === keys.length + 1 &&
        others.some((shape) => this.known(value, shape).some((name) => name === key));
      return elsewhere && beside.length > 0
        ? { ...found, reason: `does not go together with ${beside.join(', ')}; leave out either` }
        : found;
    });
  }

  /** The given keys that an alternative knows. */
  private known(value: unknown, shape: Shape): readonly string[] {
    if (!('$ref' in shape)) return [];
    const { properties } = definitionOf(this.schema, shape);
    return entries(value).flatMap(([key]) => (Object.hasOwn(properties, key) ? [key] : []));
  }
}

/** True where a value is of a shape's kind, whatever is in it. */
export function fits(value: unknown, shape: Shape): boolean {
  if ('anyOf' in shape) return shape.anyOf.some((each) => fits(value, each));
  if ('$ref' in shape) return kindOf(value) === 'object';
  if ('enum' in shape) return shape.enum.some((each) => each === value);
  if (typeof shape.type !== 'string') return shape.type.some((type) => type === kindOf(value));
  return kindOf(value) === (shape.type === 'integer' ? 'number' : shape.type);
}

function refusal(value: unknown, shape: Shape & { readonly secret?: true }): string {
  return `is ${show(value, shape.secret)}; ${allowed(shape)} allowed`;
}

function needed(shape: Shape | undefined): string {
  return shape === undefined ? 'a value is needed' : `${allowed(shape)} needed`;
}

function unknownKey(keys: Keys, known: readonly string[]): ShapeProblem {
  const nearest = nearestName(String(keys.at(-1)), known);
  const mending = nearest === undefined ? `${known.join(', ')} are known` : `did you mean ${nearest}?`;
  return { ...problem(keys, `is no known setting; ${mending}`), unknownKey: true };
}

function problem(keys: Keys, reason: string): ShapeProblem {
  return { path: propertyPath(keys), reason, keys, unknownKey: false };
}

/** `emqx.brokers.emqx-1.weight`, `ssh.allowedCidrs[0]`, `tags["cost center"]`. */
function propertyPath(keys: Keys): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}

function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return isHolder(value) ? Object.entries(value) : [];
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
