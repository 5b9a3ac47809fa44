/**
 * What a property of a resource or a function may hold, written once and used three ways: as a TypeScript type, to
 * check what a program gives, and to compare what was with what shall be.
 */

/** A value as it travels between the engine and a provider. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Properties = Readonly<Record<string, Value>>;

declare const held: unique symbol;

export type Shape<T> = (
  | { readonly kind: 'text' | 'number' | 'flag' | 'json' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly of: Shape<unknown> }
  | { readonly kind: 'object'; readonly fields: Fields }
) & { readonly [held]?: T };

/** A property: its shape, and what AWS does with it. */
export interface Field<T> extends Rules<T> {
  readonly shape: Shape<unknown>;
  readonly required: boolean;
  readonly [held]?: T;
}

export interface Rules<T> {
  /** A change makes a new resource, always or when the function says so. */
  readonly replaces?: true | ((change: ValueChange) => boolean);
  /** AWS chooses one when none is given, so leaving it out is no change. */
  readonly computed?: true;
  readonly default?: T;
  readonly secret?: true;
  /** Without a name given, one is made of the resource's name and seven hexadecimal digits. */
  readonly autoName?: { readonly maxLength: number };
}

/** A property's change, with all of the new inputs and what was recorded of the resource. */
export interface ValueChange {
  readonly from: Value | undefined;
  readonly to: Value | undefined;
  readonly inputs: Properties;
  readonly state: Properties;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
/** The TypeScript type of the values that `fields` describe. */
export type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export const text: Shape<string> = { kind: 'text' };
export const number: Shape<number> = { kind: 'number' };
export const flag: Shape<boolean> = { kind: 'flag' };
/** A JSON document in a string: written differently it is still the same. */
export const json: Shape<string> = { kind: 'json' };

export function list<T>(of: Shape<T>): Shape<readonly T[]> {
  return { kind: 'list', of };
}

/** A list whose order means nothing. */
export function set<T>(of: Shape<T>): Shape<readonly T[]> {
  return { kind: 'set', of };
}

export function map<T>(of: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return { kind: 'map', of };
}

export function object<F extends Fields>(fields: F): Shape<Values<F>> {
  return { kind: 'object', fields };
}

export function required<T>(shape: Shape<T>, rules: Rules<T> = {}): Field<T> {
  return { ...rules, shape, required: true };
}

export function optional<T>(shape: Shape<T>, rules: Rules<T> = {}): Field<T | undefined> {
  return { ...rules, shape, required: false };
}

export function defaulted<T>(shape: Shape<T>, value: T, rules: Rules<T> = {}): Field<T> {
  return { ...rules, shape, required: false, default: value };
}

/** An optional property that AWS sets when the program does not. */
export function chosen<T>(shape: Shape<T>, rules: Rules<T> = {}): Field<T | undefined> {
  return { ...rules, shape, required: false, computed: true };
}

/** A property that only AWS sets. */
export function output<T>(shape: Shape<T>): Field<T | undefined> {
  return { shape, required: false, computed: true };
}

/** What stands in a preview for a value that is not known yet; the engine's own constant. */
export const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export function isObject(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Array.isArray that knows read-only arrays. */
export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

/** Providers mean the same by nothing, an empty string, list or map, and false. */
export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (isList(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Whether two values of a shape mean the same. */
export function same(shape: Shape<unknown>, left: Value | undefined, right: Value | undefined): boolean {
  return (isEmpty(left) && isEmpty(right)) || canonical(shape, left) === canonical(shape, right);
}

/** One text for all values that mean the same. */
export function canonical(shape: Shape<unknown>, value: Value | undefined): string {
  if (value === undefined || value === null) return 'null';
  switch (shape.kind) {
    case 'json':
      return typeof value === 'string' ? canonicalJson(value) : JSON.stringify(value);
    case 'list':
      return isList(value) ? `[${value.map((item) => canonical(shape.of, item)).join()}]` : plain(value);
    case 'set':
      return isList(value)
        ? `{${value
            .map((item) => canonical(shape.of, item))
            .sort()
            .join()}}`
        : plain(value);
    case 'map':
      return isObject(value) ? entries(Object.entries(value), () => shape.of) : plain(value);
    case 'object':
      return isObject(value)
        ? entries(
            Object.entries(value).filter(([, item]) => !isEmpty(item)),
            (key) => shape.fields[key]?.shape ?? text,
          )
        : plain(value);
    case 'text':
    case 'number':
    case 'flag':
      return plain(value);
  }
}

function plain(value: Value): string {
  return JSON.stringify(value);
}

function entries(
  pairs: readonly (readonly [string, Value])[],
  shapeOf: (key: string) => Shape<unknown>,
): string {
  return `{${pairs
    .map(([key, item]) => `${plain(key)}:${canonical(shapeOf(key), item)}`)
    .sort()
    .join()}}`;
}

function canonicalJson(document: string): string {
  try {
    const sorted = (_key: string, item: unknown) =>
      isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item;
    return JSON.stringify(JSON.parse(document), sorted);
  } catch {
    return plain(document);
  }
}
