import { createHash } from 'node:crypto';
import {
  isList,
  isObject,
  unknownValue,
  type Field,
  type Fields,
  type Properties,
  type Shape,
  type Value,
} from './shape';

export interface Failure {
  readonly property: string;
  readonly reason: string;
}

export interface Naming {
  /** The resource's name in the program. */
  readonly resourceName: string;
  /** The engine gives the same seed for the same step, so a name made from it is stable. */
  readonly seed: Uint8Array;
  /** The inputs of the resource as it is, when it is. */
  readonly before: Properties;
}

/** Lists, as the official provider does, the inputs that the provider chose itself. */
export const defaultsKey = '__defaults';

/** Every input that has the wrong name or the wrong shape, and every required one that is missing. */
export function findFailures(fields: Fields, inputs: Properties, owner: string): Failure[] {
  return checkObject(fields, inputs, '', owner);
}

/** The inputs with the defaults of those that are not given; secrets and unknown values are left as they are. */
export function withDefaults(fields: Fields, inputs: Properties): Properties {
  const result: Record<string, Value> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = inputs[name] ?? undefined;
    if (value !== undefined) result[name] = defaultsWithin(field.shape, value);
    else if (field.default !== undefined) result[name] = toValue(field.default);
  }
  return result;
}

/** Adds the names that the program leaves to the provider; a name once made stays. */
export function withNames(
  fields: Fields,
  inputs: Properties,
  naming: Naming,
): { readonly inputs: Properties; readonly failures: readonly Failure[] } {
  const made: Record<string, Value> = {};
  const failures: Failure[] = [];
  for (const [name, { autoName }] of Object.entries(fields)) {
    const prefixed = inputs[`${name}Prefix`] !== undefined;
    if (autoName === undefined || prefixed || (inputs[name] ?? undefined) !== undefined) continue;
    const before = naming.before[name];
    const kept = typeof before === 'string' && isDefaulted(naming.before, name) ? before : undefined;
    const value = kept ?? `${naming.resourceName}-${suffix(naming.seed)}`;
    if (value.length > autoName.maxLength) {
      const reason =
        `the name made of the resource's own, ${value}, has ${value.length} characters; at most ` +
        `${autoName.maxLength} are allowed: give ${name}, or name the resource shorter`;
      failures.push({ property: name, reason });
    }
    made[name] = value;
  }
  const names = Object.keys(made);
  return { inputs: names.length === 0 ? inputs : { ...inputs, ...made, [defaultsKey]: names }, failures };
}

/** Whether the provider chose this input itself. */
export function isDefaulted(inputs: Properties, name: string): boolean {
  const chosen = inputs[defaultsKey];
  return isList(chosen) && chosen.includes(name);
}

function suffix(seed: Uint8Array): string {
  return createHash('sha256').update(seed).digest('hex').slice(0, 7);
}

function checkObject(fields: Fields, value: Properties, path: string, owner: string): Failure[] {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const unknown = Object.keys(value)
    .filter((name) => fields[name] === undefined && !name.startsWith('__') && value[name] !== null)
    .map((name) => ({
      property: at(name),
      reason: `${owner} has no input ${at(name)} here; known are ${Object.keys(fields).sort().join(', ')}`,
    }));
  const wrong = Object.entries(fields).flatMap(([name, field]) =>
    checkField(field, value[name] ?? undefined, at(name), owner),
  );
  return [...unknown, ...wrong];
}

function checkField(field: Field<unknown>, value: Value | undefined, path: string, owner: string): Failure[] {
  if (value !== undefined) return checkShape(field.shape, value, path, owner);
  return field.required ? [{ property: path, reason: `${owner} needs ${path}, and none is given` }] : [];
}

function checkShape(shape: Shape<unknown>, value: Value, path: string, owner: string): Failure[] {
  if (value === unknownValue) return [];
  const wrong = (wanted: string): Failure[] => [
    { property: path, reason: `${path} of ${owner} must be ${wanted}, not ${describe(value)}` },
  ];
  switch (shape.kind) {
    case 'text':
      return typeof value === 'string' ? [] : wrong('a string');
    case 'number':
      return typeof value === 'number' ? [] : wrong('a number');
    case 'flag':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'json':
      return typeof value === 'string' && isJson(value) ? [] : wrong('a JSON document in a string');
    case 'list':
    case 'set':
      return isList(value)
        ? value.flatMap((item, index) => checkShape(shape.of, item, `${path}[${index}]`, owner))
        : wrong('a list');
    case 'map':
      return isObject(value)
        ? Object.entries(value).flatMap(([key, item]) => checkShape(shape.of, item, `${path}.${key}`, owner))
        : wrong('a map');
    case 'object':
      return isObject(value) ? checkObject(shape.fields, value, path, owner) : wrong('an object');
  }
}

function describe(value: Value): string {
  if (isList(value)) return 'a list';
  return value === null ? 'null' : isObject(value) ? 'an object' : `a ${typeof value}`;
}

function isJson(document: string): boolean {
  try {
    JSON.parse(document);
    return true;
  } catch {
    return false;
  }
}

function defaultsWithin(shape: Shape<unknown>, value: Value): Value {
  if (shape.kind === 'object' && isObject(value)) return withDefaults(shape.fields, value);
  if ((shape.kind === 'list' || shape.kind === 'set') && isList(value))
    return value.map((item) => defaultsWithin(shape.of, item));
  return value;
}

/** A default is written in the table as plain data, so JSON is what it is. */
function toValue(value: unknown): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
