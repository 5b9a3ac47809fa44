import { UnknownValueError } from '@pulumi/policy';

/** What a policy sees of a resource. */
export interface Seen {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly isProtected: boolean;
}

/** What is wrong with one resource: what was found, what is promised, how to mend it. */
export interface Finding {
  readonly urn: string;
  readonly reason: string;
}

/** A value within properties; undefined where the way to it ends. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (isHolder(inner) ? inner[String(key)] : undefined), value);
}

/** The elements of a list; none where it is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}

/** The same where the engine may not know the list before `up` has made something: none then. */
export function knownListAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  try {
    return listAt(value, ...path);
  } catch (error) {
    if (error instanceof UnknownValueError) return [];
    throw error;
  }
}

/** Whether a component of this type is above a resource. */
export function isWithin({ urn }: Pick<Seen, 'urn'>, component: string): boolean {
  return typesOf(urn).slice(0, -1).includes(`emqx-haproxy:index:${component}`);
}

/** The types of a resource and of all above it, the outermost first. */
function typesOf(urn: string): readonly string[] {
  // urn:pulumi:STACK::PROJECT::TYPE$TYPE::NAME
  return (urn.split('::')[2] ?? '').split('$');
}

/** The stack that a resource is of. */
export function stackOf(urn: string): string {
  return urn.split('::')[0]?.split(':')[2] ?? '';
}

function isHolder(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
