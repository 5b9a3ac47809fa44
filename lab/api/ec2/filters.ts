import { AwsError } from '../awsError';
import type { Filter, Parameters } from '../parameters';

/** What a filter's name stands for on a record; an unknown name gives undefined. */
export type FilterValues = (name: string) => readonly (string | undefined)[] | undefined;

/** The records that pass every filter; a filter passes on any of its values, `*` and `?` being wildcards. */
export function matching<T>(
  records: Iterable<T>,
  parameters: Parameters,
  valuesOf: (record: T) => FilterValues,
): T[] {
  const filters = parameters.filters();
  return [...records].filter((record) => filters.every((filter) => passes(filter, valuesOf(record))));
}

/** Adds `tag:KEY`, `tag-key` and `tag-value` to a record's own filters. */
export function withTags(tags: ReadonlyMap<string, string>, own: FilterValues): FilterValues {
  return (name) => {
    if (name.startsWith('tag:')) return [tags.get(name.slice('tag:'.length))];
    if (name === 'tag-key') return [...tags.keys()];
    if (name === 'tag-value') return [...tags.values()];
    return own(name);
  };
}

/** Ids asked for by name: every one must exist. */
export function selected<T>(
  ids: readonly string[],
  all: ReadonlyMap<string, T>,
  find: (id: string) => T,
): readonly T[] {
  return ids.length === 0 ? [...all.values()] : ids.map(find);
}

/** A shell-like pattern as a filter and a policy use it, matched against the whole text. */
export function wildcard(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`).test(text);
}

function passes(filter: Filter, valuesOf: FilterValues): boolean {
  const values = valuesOf(filter.name);
  if (values === undefined) {
    throw new AwsError('InvalidParameterValue', `The filter '${filter.name}' is invalid`);
  }
  return values.some(
    (value) => value !== undefined && filter.values.some((pattern) => wildcard(pattern, value)),
  );
}
