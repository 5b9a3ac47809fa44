import { changedFiles, type FileChange } from './fileChanges';
import { nameOf, typeOf, type Step } from './pulumiPreview';

export type HostKind = 'balancer' | 'broker';

/** What a preview would do to one host. */
export interface HostChange {
  /** As its resources' names begin. */
  readonly name: string;
  readonly kind: HostKind;
  /** Of its instance; absent: it stays. */
  readonly instance?: 'new' | 'replaced' | 'removed';
  /** Properties that have the instance replaced. */
  readonly replacedFor: readonly string[];
  readonly files: readonly FileChange[];
  /** How many of the programs of this package on it change. */
  readonly programs: number;
  /** Packages that are to have another version. */
  readonly versions: readonly string[];
  /** Security updates that are to come to it. */
  readonly updates: boolean;
  /** It fetches secrets of which there is a new version. */
  readonly secrets: boolean;
}

const programFolder = '/usr/local/lib/emqx-haproxy/';
const packagesFile = '/etc/emqx-haproxy/packages.json';

/** By host, in the order in which the engine comes to them; hosts to which nothing happens are left out. */
export function hostChanges(steps: readonly Step[]): readonly HostChange[] {
  const byHost = new Map<string, Step[]>();
  for (const step of steps) {
    const name = ownHost(step);
    if (name === undefined) continue;
    // The one that is later in the engine's order is changed later.
    const own = byHost.get(name) ?? [];
    byHost.delete(name);
    byHost.set(name, [...own, step]);
  }
  return [...byHost].map(([name, own]) => hostChange(name, own)).filter(isTouched);
}

/** Of the steps of a host those that say what happens to it, and when. */
const telling = ['instance', 'files', 'secrets', 'reboot'];

function ownHost(step: Step): string | undefined {
  const match = /^(.+)-([a-z]+)$/.exec(nameOf(step));
  const isOne = /\$emqx-haproxy:index:Host\$/.test(step.urn) && telling.includes(match?.[2] ?? '');
  return isOne ? match?.[1] : undefined;
}

function hostChange(name: string, steps: readonly Step[]): HostChange {
  const of = (part: string) => steps.find((step) => nameOf(step) === `${name}-${part}`);
  const instance = instanceChange(of('instance'));
  const all = instance === undefined ? filesOf(of('files')) : [];
  const files = all.filter(({ path }) => !path.startsWith(programFolder));
  return {
    name,
    kind: steps.some(({ urn }) => urn.includes('$emqx-haproxy:index:EmqxCluster$')) ? 'broker' : 'balancer',
    ...(instance === undefined ? {} : { instance }),
    replacedFor: of('instance')?.replaceReasons ?? [],
    files,
    programs: all.length - files.length,
    versions: files.filter(({ path }) => path === packagesFile).flatMap(changedVersions),
    updates: isRun(of('reboot')),
    secrets: isRun(of('secrets')),
  };
}

function instanceChange(step: Step | undefined): HostChange['instance'] {
  switch (step?.op) {
    case 'create':
      return 'new';
    case 'replace':
      return 'replaced';
    case 'delete':
      return 'removed';
    default:
      return undefined;
  }
}

function filesOf(step: Step | undefined): readonly FileChange[] {
  const [before, after] = [step?.oldState?.inputs?.['stdin'], step?.newState?.inputs?.['stdin']];
  return typeof before === 'string' && typeof after === 'string' ? changedFiles(before, after) : [];
}

/** A Command whose own text changes runs again, too; its way in alone is no news to the host. */
function isRun(step: Step | undefined): boolean {
  if (step === undefined || step.op === 'delete') return false;
  if (step.op === 'create') return true;
  const [before, after] = [step.oldState?.inputs, step.newState?.inputs];
  return JSON.stringify(before?.['triggers']) !== JSON.stringify(after?.['triggers']);
}

function changedVersions({ before, after }: FileChange): readonly string[] {
  const [old, now] = [versionsIn(before), versionsIn(after)];
  return [...now].flatMap(([name, version]) =>
    version === null || version === old.get(name)
      ? []
      : [`${name} ${old.get(name) ?? 'as installed'} → ${version}`],
  );
}

function versionsIn(text: string): ReadonlyMap<string, string | null> {
  if (text === '') return new Map();
  // Rendered by the program itself.
  const { packages } = JSON.parse(text) as {
    readonly packages: readonly { readonly name: string; readonly version: string | null }[];
  };
  return new Map(packages.map(({ name, version }) => [name, version]));
}

function isTouched(host: HostChange): boolean {
  const { instance, files, programs, updates, secrets } = host;
  return instance !== undefined || files.length > 0 || programs > 0 || updates || secrets;
}

/** Whether a step is told with its host, or only orders what happens there. */
export function isOfHost(step: Step): boolean {
  return typeOf(step).startsWith('command:') || ownHost(step) !== undefined;
}
