import { consequence, replacingMinutes } from './consequences';
import type { FileChange } from './fileChanges';
import { hostChanges, type HostChange } from './hostChanges';
import { otherChanges, type OtherChanges } from './otherChanges';
import type { PulumiPreview } from './pulumiPreview';

/** What a reviewer is told of a preview. */
export interface Report {
  /** In the order in which they are changed. */
  readonly hosts: readonly ReportedHost[];
  /** For replacements, one after the other; undefined where nothing is replaced. */
  readonly minutes: number | undefined;
  /** Each change of files once, and the hosts that have it. */
  readonly files: readonly ReportedFiles[];
  readonly others: OtherChanges;
  readonly messages: PulumiPreview['messages'];
}

export interface ReportedHost {
  readonly name: string;
  readonly happens: string;
  readonly clients: string;
}

export interface ReportedFiles {
  readonly hosts: readonly string[];
  readonly path: string;
  readonly diff: string;
}

export function reportOf({ steps, messages }: PulumiPreview): Report {
  const changes = hostChanges(steps);
  return {
    hosts: changes.map((change) => {
      const { host, clients } = consequence(change);
      return { name: change.name, happens: host, clients };
    }),
    minutes: replacingMinutes(changes),
    files: sharedFiles(changes),
    others: otherChanges(steps),
    messages,
  };
}

/** Hosts of a kind mostly change in the same way, which is read once. */
function sharedFiles(changes: readonly HostChange[]): readonly ReportedFiles[] {
  const shared = new Map<string, { hosts: string[]; file: FileChange }>();
  for (const { name, files } of changes)
    for (const file of files) {
      const key = `${file.path}\n${file.diff}`;
      const entry = shared.get(key) ?? { hosts: [], file };
      entry.hosts.push(name);
      shared.set(key, entry);
    }
  return [...shared.values()].map(({ hosts, file: { path, diff } }) => ({ hosts, path, diff }));
}

export function changesNothing({ hosts, others }: Report): boolean {
  return hosts.length === 0 && others.changes.length === 0 && others.onlyTags === 0;
}
