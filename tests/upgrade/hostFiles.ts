/** The files of a set by path, as a reviewer tells them apart: all of header and content. */
export function filesOf(set: string): ReadonlyMap<string, string> {
  const parts = set.split(/^(?==== \/)/m);
  return new Map(parts.map((part) => [/^=== (\S+)/.exec(part)?.[1] ?? '', part]));
}

/** The paths that one set has otherwise than the other, or not at all. */
export function changedPaths(before: string, after: string): readonly string[] {
  const [old, today] = [filesOf(before), filesOf(after)];
  const paths = [...new Set([...old.keys(), ...today.keys()])];
  return paths.filter((path) => old.get(path) !== today.get(path)).sort();
}
