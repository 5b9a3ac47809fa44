import { defaultsKey, isDefaulted } from './check';
import {
  canonical,
  isEmpty,
  isList,
  isObject,
  same,
  type Fields,
  type Properties,
  type Shape,
  type Value,
} from './shape';

export interface Change {
  /** A property path as the engine writes it, for example tags.Name or routes[0].cidrBlock. */
  readonly path: string;
  readonly kind: 'add' | 'delete' | 'update';
  readonly replaces: boolean;
}

/**
 * What changes from one set of checked inputs to the next; `state` is what was last read of the resource. An input
 * that has a default is held against the state even where the program says nothing of it, as Terraform plans it: what
 * AWS reads back otherwise is then changed with every `up`, unless the program ignores it.
 */
export function compareInputs(
  fields: Fields,
  before: Properties,
  after: Properties,
  state: Properties,
  ignored: readonly string[] = [],
): Change[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    if (ignored.includes(name)) return [];
    const read = field.default === undefined ? undefined : state[name];
    const from = read ?? before[name] ?? undefined;
    const to = after[name] ?? undefined;
    if (same(field.shape, from, to)) return [];
    if (field.computed && to === undefined) return [];
    const rule = field.replaces ?? false;
    const replaces = typeof rule === 'function' ? rule({ from, to, inputs: after, state }) : rule;
    return within(field.shape, from, to, name, replaces);
  });
}

/** The top-level properties that changed. */
export function changedNames(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(changes.map(({ path }) => topLevel(path)));
}

export function topLevel(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? path;
}

/**
 * A replacement under a name that the program gave cannot exist beside what it replaces; the official provider
 * then deletes first, and only then: interfaces, addresses and routes are left to the program's own options.
 */
export function mustDeleteFirst(fields: Fields, before: Properties, after: Properties): boolean {
  return Object.entries(fields).some(
    ([name, { autoName }]) =>
      autoName !== undefined &&
      after[name] !== undefined &&
      after[name] === before[name] &&
      !isDefaulted(after, name),
  );
}

/**
 * The inputs that would lead to what was read: those of the program, except where AWS now says something else than
 * it said before. Without earlier inputs (an import) whatever AWS says.
 */
export function inputsFrom(
  fields: Fields,
  inputs: Properties,
  before: Properties,
  live: Properties,
): Properties {
  const imported = Object.keys(inputs).length === 0;
  const result: Record<string, Value> = {};
  for (const [name, { shape, computed }] of Object.entries(fields)) {
    const given = inputs[name];
    const now = live[name];
    if (imported) {
      if (!isEmpty(now) && now !== undefined) result[name] = now;
      continue;
    }
    if (same(shape, before[name], now)) {
      if (given !== undefined) result[name] = given;
    } else if (now !== undefined && (given !== undefined || !computed)) {
      result[name] = given === undefined ? now : pruned(shape, now, given);
    }
  }
  const chosen = inputs[defaultsKey];
  return chosen === undefined ? result : { ...result, [defaultsKey]: chosen };
}

/** Of an object that the program gives in part, only that part: the rest is AWS's own. */
function pruned(shape: Shape<unknown>, now: Value, given: Value): Value {
  if (shape.kind !== 'object' || !isObject(now) || !isObject(given)) return now;
  return Object.fromEntries(Object.entries(now).filter(([key]) => given[key] !== undefined));
}

function within(
  shape: Shape<unknown>,
  from: Value | undefined,
  to: Value | undefined,
  path: string,
  replaces: boolean,
): Change[] {
  if (shape.kind === 'object' && isObject(from) && isObject(to)) {
    return compareInputs(shape.fields, from, to, {}).map((change) => ({
      ...change,
      path: `${path}.${change.path}`,
      replaces: replaces || change.replaces,
    }));
  }
  if (shape.kind === 'map' && isObject(from) && isObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys
      .filter(
        (key) => from[key] === undefined || to[key] === undefined || !same(shape.of, from[key], to[key]),
      )
      .map((key) => change(`${path}${mapKey(key)}`, from[key], to[key], replaces));
  }
  if (shape.kind === 'list' && isList(from) && isList(to) && from.length === to.length) {
    return from.flatMap((item, index) =>
      canonical(shape.of, item) === canonical(shape.of, to[index])
        ? []
        : within(shape.of, item, to[index], `${path}[${index}]`, replaces),
    );
  }
  // An object that only now appears brings its fields' own rules with it.
  const inner =
    shape.kind === 'object' && Object.values(shape.fields).some((field) => field.replaces === true);
  return [change(path, from, to, replaces || inner)];
}

function change(path: string, from: Value | undefined, to: Value | undefined, replaces: boolean): Change {
  return { path, kind: from === undefined ? 'add' : to === undefined ? 'delete' : 'update', replaces };
}

function mapKey(key: string): string {
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
