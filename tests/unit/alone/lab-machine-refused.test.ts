import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installPackages, requireRoot } from '../../../lab/commands/preflight';
import { ensureEngine } from '../../../lab/engine/install';

// Before the lab's paths are read: no engine built before is found, and logs go where the test can remove them.
const home = vi.hoisted(() => {
  const path = `/tmp/lab-refused-${process.pid}`;
  process.env['LAB_HOME'] = path;
  return path;
});
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-programs-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

/** A program of this name that a shell script stands in for. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

describe('a machine that is not Linux, or a user who is not root', () => {
  it.each([
    ['darwin', 0, 'the lab needs Linux, and this is darwin: run it on a Linux machine or in a VM'],
    ['win32', undefined, 'the lab needs Linux, and this is win32: run it on a Linux machine or in a VM'],
    ['linux', 1000, 'the lab needs root, for network namespaces and machines: run it with sudo'],
  ])('%s with user id %s is refused', (platform, userId, message) => {
    expect(() => requireRoot(platform, userId)).toThrow(new Error(message));
  });

  it('root on Linux is not', () => {
    expect(() => requireRoot('linux', 0)).not.toThrow();
  });
});

describe('the Debian packages that the lab needs', () => {
  it('are named where there is no dpkg', async () => {
    vi.stubEnv('PATH', folder);
    await expect(installPackages(['nftables', 'debootstrap'])).rejects.toThrow(
      'the lab needs Debian or Ubuntu, and this machine has no dpkg. It uses nftables, debootstrap.',
    );
  });

  it('that cannot be installed are named, with what apt-get said, its log and the command', async () => {
    program('dpkg-query', "echo 'nftables installed'; echo 'debootstrap not-installed'");
    program('apt-get', '[ "$1" = update ] || { echo "E: Unable to locate package $5" >&2; exit 100; }');
    vi.stubEnv('PATH', folder);
    const refused = installPackages(['nftables', 'debootstrap', 'gnupg']);
    await expect(refused).rejects.toThrow(
      [
        `could not install debootstrap gnupg; log: ${join(home, 'log/packages.log')}`,
        'E: Unable to locate package gnupg',
        'Install them yourself (apt-get install --yes --no-install-recommends debootstrap gnupg) and run the command again.',
      ].join('\n'),
    );
  });

  it('are not asked for again where all are installed', async () => {
    program('dpkg-query', "echo 'nftables installed'");
    program('apt-get', 'exit 1');
    vi.stubEnv('PATH', folder);
    await installPackages(['nftables']);
  });
});

describe('without a fitting engine and without Go', () => {
  const said =
    /^no fitting Pulumi engine was found, and without Go none can be built[^]*pulumi\.com[^]*go\.dev/;

  it('both ways to mend it are told', async () => {
    await expect(ensureEngine([folder])).rejects.toThrow(said);
  });

  it.each([
    ['is too old', 'echo v3.244.9'],
    ['cannot be run', 'echo "no such library" >&2; exit 127'],
  ])('a pulumi that %s does not count', async (_, script) => {
    program('pulumi', script);
    await expect(ensureEngine([folder])).rejects.toThrow(said);
  });

  it('a pulumi that fits is taken as it is', async () => {
    const pulumi = program('pulumi', 'echo v3.245.1');
    expect(await ensureEngine([folder])).toBe(pulumi);
  });
});
