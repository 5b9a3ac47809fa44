import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBuildLock } from '../../lab/machines/buildLock';
import { ensureBuilt, fingerprint } from '../../lab/machines/builtFolder';
import { imageRecipe } from '../../lab/machines/imageRecipe';
import { parseSources } from '../../lab/machines/mirror';
import { releaseDate, releaseText, writeIndex } from '../../lab/packages/repositoryIndex';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-build-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('a host’s apt sources', () => {
  it('name mirrors in stanzas, with the keyring, past comments and disabled ones', () => {
    const text = `Types: deb
# https://snapshot.example/archive/debian/20250520T000000Z
URIs: https://mirror.example/debian/
Suites: bookworm
Signed-By: /usr/share/keyrings/debian.gpg

Enabled: no
URIs: https://former.example/debian

URIs: https://one.example/debian https://two.example/debian-security
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
`;
    expect(parseSources({ name: 'debian.sources', text })).toEqual([
      { url: 'https://mirror.example/debian', keyring: '/usr/share/keyrings/debian.gpg' },
      { url: 'https://one.example/debian' },
      { url: 'https://two.example/debian-security' },
    ]);
  });

  it('name mirrors in lines, with and without options', () => {
    const text = `# deb https://commented.example/debian trixie main
deb-src https://source.example/debian trixie main
deb https://plain.example/debian/ trixie main
deb [arch=amd64 signed-by=/etc/apt/key.gpg] https://signed.example/debian trixie main
`;
    expect(parseSources({ name: 'sources.list', text })).toEqual([
      { url: 'https://plain.example/debian' },
      { url: 'https://signed.example/debian', keyring: '/etc/apt/key.gpg' },
    ]);
  });
});

describe('a built folder', () => {
  const build = (content: string) => (temporary: string) => {
    writeFileSync(join(temporary, 'content'), content);
    return Promise.resolve();
  };
  const content = () => readFileSync(join(folder, 'built', 'content'), 'utf8');

  it('is built once for a key and again for another', async () => {
    await ensureBuilt(join(folder, 'built'), 'one', build('first'));
    await ensureBuilt(join(folder, 'built'), 'one', build('not needed'));
    expect(content()).toBe('first');
    await ensureBuilt(join(folder, 'built'), 'two', build('second'));
    expect(content()).toBe('second');
  });

  it('stays as it was, with nothing beside it, when a build fails', async () => {
    await ensureBuilt(join(folder, 'built'), 'one', build('first'));
    const failing = () => Promise.reject(new Error('mirror is down'));
    await expect(ensureBuilt(join(folder, 'built'), 'two', failing)).rejects.toThrow('mirror is down');
    expect(content()).toBe('first');
    expect(readdirSync(folder)).toEqual(['built']);
  });

  it('is not taken for whole when its build was interrupted', async () => {
    mkdirSync(join(folder, '.built.new'));
    writeFileSync(join(folder, '.built.new', 'half'), '');
    await ensureBuilt(join(folder, 'built'), 'one', build('whole'));
    expect(existsSync(join(folder, 'built', 'half'))).toBe(false);
    expect(content()).toBe('whole');
  });

  it('is built by one of several who want it', async () => {
    let builds = 0;
    const counting = async (temporary: string) => {
      builds += 1;
      await build('one')(temporary);
    };
    await Promise.all(Array.from({ length: 5 }, () => ensureBuilt(join(folder, 'built'), 'one', counting)));
    expect(builds).toBe(1);
  });

  it('is named differently when its recipe trusts another CA', () => {
    const recipes = ['first CA', 'second CA'].map((ca) => fingerprint(imageRecipe('debian-13', ca)));
    expect(new Set(recipes).size).toBe(2);
  });
});

describe('a build lock', () => {
  it('of a process that has died is taken over', async () => {
    const file = join(folder, 'lock');
    const holder = spawn('sleep', ['60']);
    writeFileSync(file, `${String(holder.pid)} 12345`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await withBuildLock(file, () => Promise.resolve('mine'))).toBe('mine');
    expect(existsSync(file)).toBe(false);
  });

  it('is free when its holder’s number now belongs to another process', async () => {
    const file = join(folder, 'lock');
    writeFileSync(file, `${process.pid} 1`);
    expect(await withBuildLock(file, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((next) => setImmediate(next));
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withBuildLock(join(folder, 'lock'), work)));
    expect(most).toBe(1);
  });
});

describe('a repository’s index', () => {
  it('is said in the Release file with the sizes and sums of what was written', async () => {
    const entries = await writeIndex(folder, 'Packages', 'Package: a\n');
    const text = releaseText({ Suite: 'trixie' }, entries);
    const compressed = readFileSync(join(folder, 'Packages.gz'));

    expect(gunzipSync(compressed).toString()).toBe('Package: a\n');
    expect(text.split('\n')).toEqual([
      'Suite: trixie',
      'SHA256:',
      expect.stringMatching(/^ [0-9a-f]{64} 11 Packages$/),
      expect.stringMatching(new RegExp(`^ [0-9a-f]{64} ${compressed.length} Packages.gz$`)),
      '',
    ]);
  });

  it('is dated in UTC, as apt demands', () => {
    expect(releaseDate(new Date('2026-01-02T03:04:05Z'))).toBe('Fri, 02 Jan 2026 03:04:05 UTC');
  });
});
