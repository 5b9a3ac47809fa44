import type { Filter } from '@aws-sdk/client-ec2';
import { list, map, object, optional, required, text } from '../shape';

/** The arguments by which most of EC2's look-ups choose. */
export const byFilters = {
  filters: optional(list(object({ name: required(text), values: required(list(text)) }))),
  tags: optional(map(text)),
};

export interface Chosen {
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[] | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** EC2's filters for them, with further ones by name; an empty list is not EC2's to take. */
export function filtersFor(
  { filters = [], tags = {} }: Chosen,
  others: Readonly<Record<string, string | undefined>> = {},
): Filter[] | undefined {
  const all = [
    ...filters.map(({ name, values }) => ({ Name: name, Values: [...values] })),
    ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ...Object.entries(others).flatMap(([Name, value]) =>
      value === undefined ? [] : [{ Name, Values: [value] }],
    ),
  ];
  return all.length === 0 ? undefined : all;
}

/** The one that was found; none or several is an error that says what was asked. */
export function onlyOne<T>(what: string, found: readonly T[] | undefined, asked: unknown): T {
  const [first, second] = found ?? [];
  if (first === undefined) throw new Error(`no ${what} matches ${JSON.stringify(asked)}`);
  if (second !== undefined) {
    throw new Error(
      `${String(found?.length)} ${what}s match ${JSON.stringify(asked)}; narrow it down to one`,
    );
  }
  return first;
}
