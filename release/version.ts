import { notesOf, withRelease } from './changelog';

/** A file of the repository, by its path from the root. */
export interface RepositoryFile {
  readonly path: string;
  readonly content: string;
}

/** Gives a file's content. */
type Read = (path: string) => string;

/** The packages that a release gives one version; the lab is not published and keeps its own. */
const folders = ['', 'provider/', 'policies/'] as const;
const policyPack = 'policies/PulumiPolicy.yaml';

/** What a release changes by hand's work otherwise: versions and the changelog. All that is wrong is told at once. */
export function releaseFiles(version: string, date: string, read: Read): readonly RepositoryFile[] {
  const current = versionIn(read('package.json'));
  const changelog = withRelease(read('CHANGELOG.md'), version, date);
  const problems = [
    ...(isVersion(version) ? [] : [`version: is ${version}; three numbers such as 1.2.3 are allowed`]),
    ...(isVersion(version) && !isNewer(version, current)
      ? [`version: is ${version}; it has to be newer than ${current}`]
      : []),
    ...(changelog === undefined ? ['CHANGELOG.md: nothing stands under [Unreleased]'] : []),
  ];
  if (changelog === undefined || problems.length > 0) throw new Error(problems.join('\n'));
  const manifests = folders.flatMap((folder) => [
    { path: `${folder}package.json`, content: manifestOf(version, read(`${folder}package.json`)) },
    { path: `${folder}package-lock.json`, content: lockOf(version, read(`${folder}package-lock.json`)) },
  ]);
  return [
    ...manifests,
    { path: policyPack, content: read(policyPack).replace(/^version: .*$/m, `version: ${version}`) },
    { path: 'CHANGELOG.md', content: changelog },
  ];
}

/** What keeps a tag from being that of a release: everything that it names has to have its version. */
export function tagProblems(tag: string, read: Read): readonly string[] {
  const version = tag.replace(/^v/, '');
  if (tag !== `v${version}` || !isVersion(version)) return [`the tag is ${tag}; v1.2.3 is the form`];
  const versions = [
    ...folders.flatMap((folder) => ['package.json', 'package-lock.json'].map((name) => `${folder}${name}`)),
    'provider/schema.json',
  ].map((path) => ({ path, found: versionIn(read(path)) }));
  const pack = { path: policyPack, found: /^version: (.*)$/m.exec(read(policyPack))?.[1] ?? 'none' };
  return [
    ...[...versions, pack]
      .filter(({ found }) => found !== version)
      .map(({ path, found }) => `${path}: has version ${found} and not ${version}`),
    ...(notesOf(read('CHANGELOG.md'), version) === undefined ? [`CHANGELOG.md: has no [${version}]`] : []),
  ];
}

function isVersion(text: string): boolean {
  return /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(text);
}

function isNewer(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) > 0;
}

function versionIn(text: string): string {
  // npm's own format.
  return (JSON.parse(text) as { readonly version: string }).version;
}

function manifestOf(version: string, text: string): string {
  return written({ ...(JSON.parse(text) as object), version });
}

function lockOf(version: string, text: string): string {
  const lock = JSON.parse(text) as { readonly packages: Readonly<Record<string, object>> };
  return written({ ...lock, version, packages: { ...lock.packages, '': { ...lock.packages[''], version } } });
}

function written(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
