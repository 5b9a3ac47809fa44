/** What must happen on a running host when a file's content changes; the host does the least that is enough. */
export type FileChange =
  | { readonly kind: 'none' }
  /** Loaded through HAProxy's runtime API where the version can, else a reload of HAProxy. */
  | { readonly kind: 'runtime'; readonly unit: 'haproxy' }
  | { readonly kind: 'reload' | 'restart'; readonly unit: string }
  /** A kernel setting: `sysctl --system`; a refused key is a warning. */
  | { readonly kind: 'sysctl' };

/** A file on a host. */
export interface HostFile {
  /** Where it lies on the host. */
  readonly path: string;
  /** All of it; it ends with a newline. */
  readonly content: string;
  /** Octal, for example 0644. */
  readonly mode: string;
  /** user:group, both present on the host once its packages are installed. */
  readonly owner: string;
  /** What a change of it asks for: nothing, a reload, a restart. */
  readonly change: FileChange;
  /** The same on all hosts of a role, so that it travels with their programs. */
  readonly withPrograms?: true;
}

/** One file made on the host from a Secrets Manager secret (a JSON object of strings). */
export interface SecretView {
  readonly arn: string;
  readonly file: string;
  readonly mode: string;
  readonly owner: string;
  readonly change: FileChange;
  /** `value`: the field as it is. `env`: a systemd EnvironmentFile, variable -> field. */
  readonly content:
    | { readonly kind: 'value'; readonly field: string }
    | { readonly kind: 'env'; readonly variables: Readonly<Record<string, string>> };
}

/**
 * A host's files as one text, the same at first boot and later, so that a change is a line diff of the files:
 * a header `=== PATH mode=OCTAL owner=USER:GROUP change=CHANGE`, then the file, in the order of the paths.
 */
export function renderFileSet(files: readonly HostFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  sorted.forEach((file, index) => {
    check(file);
    if (sorted[index - 1]?.path === file.path) throw new Error(`${file.path}: twice in one file set`);
  });
  return sorted.map((file) => `${header(file)}\n${file.content}`).join('');
}

function header(file: HostFile): string {
  return `=== ${file.path} mode=${file.mode} owner=${file.owner} change=${changeText(file.change)}`;
}

/** A change as hosts read it: `none`, `sysctl`, or `runtime:`, `reload:` or `restart:` and the unit. */
export function changeText(change: FileChange): string {
  switch (change.kind) {
    case 'none':
    case 'sysctl':
      return change.kind;
    case 'runtime':
    case 'reload':
    case 'restart':
      return `${change.kind}:${change.unit}`;
  }
}

function check(file: HostFile): void {
  const wrong = (what: string) => new Error(`${JSON.stringify(file.path)}: ${what}`);
  if (!/^(\/[A-Za-z0-9._@-]+)+$/.test(file.path) || /\/\.\.?(\/|$)/.test(file.path)) {
    throw wrong('not an absolute path of letters, digits and ._@-');
  }
  if (!/^0[0-7]{3}$/.test(file.mode)) throw wrong(`mode is ${JSON.stringify(file.mode)}, not like 0644`);
  if (!/^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$/.test(file.owner)) {
    throw wrong(`owner is ${JSON.stringify(file.owner)}, not like root:root`);
  }
  if ('unit' in file.change && !/^[A-Za-z0-9@_.-]+$/.test(file.change.unit)) {
    throw wrong(`change names the unit ${JSON.stringify(file.change.unit)}, which is no unit name`);
  }
  if (!file.content.endsWith('\n')) throw wrong('the content does not end with a newline');
  if (/^=== \//m.test(file.content))
    throw wrong('a line of the content begins with "=== /", as a header does');
  // The set travels in YAML and through a shell: neither carries these.
  if (/[^\P{Cc}\n\t]/u.test(file.content)) throw wrong('the content has control characters');
}
