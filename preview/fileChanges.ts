import { createTwoFilesPatch } from 'diff';

/** One file of a host's set that differs. */
export interface FileChange {
  readonly path: string;
  /** What the host does for it: `none`, `sysctl`, or `runtime:`, `reload:` or `restart:` and a unit. */
  readonly effect: string;
  /** Unified, without the two lines that name the files. */
  readonly diff: string;
  readonly before: string;
  readonly after: string;
}

interface SetFile {
  readonly effect: string;
  /** Mode and owner. */
  readonly attributes: string;
  readonly content: string;
}

/** What differs between two file sets, in the order of their paths. */
export function changedFiles(before: string, after: string): readonly FileChange[] {
  const [old, now] = [parseSet(before), parseSet(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    const [one, other] = [textOf(was), textOf(is)];
    if (one === other) return [];
    const patch = createTwoFilesPatch(path, path, one, other, '', '', { context: 3 });
    return [
      {
        path,
        effect: (is ?? was)?.effect ?? 'none',
        diff: patch.slice(patch.indexOf('@@')).trimEnd(),
        before: was?.content ?? '',
        after: is?.content ?? '',
      },
    ];
  });
}

const header = /^=== (\/\S+) (.*?) ?change=(\S+)$/;

function parseSet(text: string): ReadonlyMap<string, SetFile> {
  const files = new Map<string, SetFile>();
  for (const part of text.split(/^(?==== )/m)) {
    const end = part.indexOf('\n');
    const [, path, attributes = '', effect = 'none'] = header.exec(end < 0 ? part : part.slice(0, end)) ?? [];
    if (path !== undefined) files.set(path, { attributes, effect, content: part.slice(end + 1) });
  }
  return files;
}

/** Another mode or owner is a change of the file, too. */
function textOf(file: SetFile | undefined): string {
  return file === undefined ? '' : `${file.attributes}\n${file.content}`;
}
