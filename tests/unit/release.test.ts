import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishedFacts } from '../../provider/docs';
import { repositoryRoot } from '../../proving/product';
import { filesOnHostsSince, notesOf, withRelease } from '../../release/changelog';
import { registryProblems } from '../../release/registry';
import { releaseFiles, tagProblems } from '../../release/version';

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');

const changelog = `# Changelog

## [Unreleased]

### Added

- A door.

### On hosts

- The door: \`/etc/door.conf\`

## [0.2.0] - 2026-12-01

### On hosts

- The window: \`/etc/window.conf\`, by \`reload\`

### Fixed

- The roof, which is \`/no/file/of/hosts\`.

## [0.1.0]

### Added

- A house.
`;

describe('the changelog', () => {
  it('gets a section with what was not released, and an empty one for what comes', () => {
    const released = withRelease(changelog, '0.3.0', '2026-12-24') ?? '';
    expect(released).toContain('## [Unreleased]\n\n## [0.3.0] - 2026-12-24\n\n### Added\n\n- A door.');
    expect(notesOf(released, '0.3.0')).toBe(notesOf(changelog, 'Unreleased'));
    expect(notesOf(released, 'Unreleased')).toBe('');
    expect(withRelease(released, '0.4.0', '2026-12-25')).toBeUndefined();
  });

  it('tells the files on hosts of every release that came after one', () => {
    expect([...filesOnHostsSince(changelog, '0.2.0')]).toEqual(['/etc/door.conf']);
    expect([...filesOnHostsSince(changelog, '0.1.0')]).toEqual(['/etc/door.conf', '/etc/window.conf']);
    const released = withRelease(changelog, '0.3.0', '2026-12-24') ?? '';
    expect([...filesOnHostsSince(released, '0.3.0')]).toEqual([]);
    expect(() => filesOnHostsSince(changelog, '0.9.0')).toThrow('CHANGELOG.md has no release 0.9.0');
  });
});

describe('a release', () => {
  const next = '900.0.0';
  /** Right after a release the repository's own changelog has nothing to release. */
  const unreleased = (path: string) => (path === 'CHANGELOG.md' ? changelog : read(path));
  const files = () =>
    new Map(releaseFiles(next, '2026-12-24', unreleased).map(({ path, content }) => [path, content]));
  /** Once `npm run docs` has derived the schema anew. */
  const after = (path: string) =>
    path === 'provider/schema.json' ? JSON.stringify({ version: next }) : (files().get(path) ?? read(path));

  it('gives the packages one version, and changes nothing else of their manifests', () => {
    const before = JSON.parse(read('provider/package-lock.json')) as { packages: Record<string, object> };
    const locked = JSON.parse(files().get('provider/package-lock.json') ?? '') as typeof before;
    expect(locked).toEqual({
      ...before,
      version: next,
      packages: { ...before.packages, '': { ...before.packages[''], version: next } },
    });
    const lines = (text: string) => text.split('\n').filter((line) => !line.includes('"version"'));
    for (const path of ['package.json', 'package-lock.json', 'policies/package.json'])
      expect(lines(files().get(path) ?? '')).toEqual(lines(read(path)));
  });

  it('is what its tag asks for', () => {
    expect(tagProblems(`v${next}`, after)).toEqual([]);
    expect(tagProblems(next, after)).toEqual([`the tag is ${next}; v1.2.3 is the form`]);
    const told = tagProblems(`v${next}`, read);
    expect(told).toContainEqual(
      expect.stringMatching(/^policies\/PulumiPolicy\.yaml: has version .* not 900\.0\.0$/),
    );
    expect(told).toContain('CHANGELOG.md: has no [900.0.0]');
    expect(told).toHaveLength(9);
  });

  it('is refused with all that is wrong at once', () => {
    const empty = (path: string) =>
      path === 'CHANGELOG.md' ? '## [Unreleased]\n\n## [0.1.0]\n' : read(path);
    expect(() => releaseFiles('0.0.9', '2026-12-24', empty)).toThrow(
      /^version: is 0\.0\.9; it has to be newer than \S+\nCHANGELOG\.md: nothing stands under \[Unreleased\]$/,
    );
    expect(() => releaseFiles('v1', '2026-12-24', unreleased)).toThrow(
      'version: is v1; three numbers such as 1.2.3',
    );
  });

  it('of today has one version in every package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(tagProblems(`v${version}`, read)).toEqual([]);
  });
});

describe('what the Pulumi Registry asks for', () => {
  const schema = (more: object) => (path: string) =>
    path === 'provider/schema.json'
      ? JSON.stringify({ ...(JSON.parse(read(path)) as object), ...more })
      : read(path);
  const published = publishedFacts(
    'Ann <ann@example.com>',
    'git+https://github.com/example/pulumi-emqx-haproxy.git',
  );

  it('is there once the manifest says who publishes it and where it is, but for an executable plugin', () => {
    expect(published).toEqual({
      publisher: 'Ann',
      repository: 'https://github.com/example/pulumi-emqx-haproxy',
      logoUrl: 'https://raw.githubusercontent.com/example/pulumi-emqx-haproxy/main/docs/images/logo.svg',
    });
    expect(registryProblems(schema(published))).toEqual([
      expect.stringMatching(/^pluginDownloadURL: is not given/) as string,
    ]);
  });

  it('is told by name where it is lacking or wrong', () => {
    const wrong = { keywords: ['category/mqtt'], description: 'MQTT', displayName: 'MQTT' };
    const repository = 'https://github.com/example/emqx-haproxy';
    const told = registryProblems(schema({ ...wrong, ...published, repository }));
    for (const start of [
      'repository: is named emqx-haproxy',
      'keywords: has category mqtt',
      'keywords: has no kind',
    ])
      expect(told.some((problem) => problem.startsWith(start))).toBe(true);
    expect(told).toContain('description: does not name emqx-haproxy');
    expect(told).toContain('docs/_index.md: has the title EMQX behind HAProxy and not MQTT');
    const bare = (path: string) => (path === 'docs/_index.md' ? '# MQTT\n' : read(path));
    expect(registryProblems(bare).filter((problem) => problem.startsWith('docs/'))).toEqual([
      'docs/_index.md: has the title none and not EMQX behind HAProxy',
      'docs/_index.md: has no meta_desc',
      'docs/_index.md: has the layout none and not package',
    ]);
  });
});
