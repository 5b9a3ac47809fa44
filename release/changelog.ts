/** A part of the changelog: what is not released yet, or a release. */
interface Section {
  /** `Unreleased`, or a version. */
  readonly name: string;
  /** Without its heading. */
  readonly text: string;
}

/** The newest first, as they stand in the file. */
function sectionsOf(changelog: string): readonly Section[] {
  return changelog
    .split(/^(?=## \[)/m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      return { name: /^## \[([^\]]+)\]/.exec(heading)?.[1] ?? '', text: lines.join('\n').trim() };
    });
}

/** What a release brought, for its page; undefined where the changelog has no such release. */
export function notesOf(changelog: string, version: string): string | undefined {
  return sectionsOf(changelog).find(({ name }) => name === version)?.text;
}

/** The changelog with what is not released yet as a release; undefined where there is nothing. */
export function withRelease(changelog: string, version: string, date: string): string | undefined {
  const heading = '## [Unreleased]\n';
  if ((notesOf(changelog, 'Unreleased') ?? '') === '') return undefined;
  return changelog.replace(heading, `${heading}\n## [${version}] - ${date}\n`);
}

/** The files on hosts that the changelog says have changed since a release: those under "On hosts" of all newer ones. */
export function filesOnHostsSince(changelog: string, version: string): ReadonlySet<string> {
  const sections = sectionsOf(changelog);
  const age = sections.findIndex(({ name }) => name === version);
  if (age === -1) throw new Error(`CHANGELOG.md has no release ${version}`);
  const onHosts = sections
    .slice(0, age)
    .flatMap(({ text }) => /^### On hosts\n([\s\S]*?)(?=^### |$(?![\s\S]))/m.exec(text)?.[1] ?? []);
  return new Set(onHosts.flatMap((text) => [...text.matchAll(/`(\/[^`]+)`/g)].map(([, path]) => path ?? '')));
}
