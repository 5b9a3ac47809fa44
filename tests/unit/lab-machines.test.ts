import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Console } from '../../lab/machines/console';
import { containerArguments } from '../../lab/machines/nspawn';
import { machineFiles } from '../../lab/machines/places';
import { metaData } from '../../lab/machines/seed';
import { guestPathOf } from '../../lab/machines/volumes';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-machines-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('console', () => {
  it('gives the newest 64 KiB, in the order in which they were printed', async () => {
    const console = new Console(join(folder, 'console.log'));
    for (let line = 0; line < 2_000; line++) console.append(`${String(line).padStart(63, '0')}\n`);

    const lines = (await console.newest()).trimEnd().split('\n').map(Number);

    expect(lines).toEqual(Array.from({ length: 1024 }, (_, line) => line + 976));
  });

  it('does not let its file grow beyond a megabyte', async () => {
    const file = join(folder, 'console.log');
    const console = new Console(file);
    for (let chunk = 0; chunk < 40; chunk++) console.append(Buffer.alloc(64 * 1024, 0x61));
    console.append('the end');

    expect((await console.newest()).endsWith('athe end')).toBe(true);
    expect(statSync(file).size).toBeLessThanOrEqual(1024 * 1024);
  });

  it('is empty before the machine printed anything', async () => {
    expect(await new Console(join(folder, 'console.log')).newest()).toBe('');
  });
});

describe('a container', () => {
  const boot = {
    instanceId: 'i-0a1',
    hostname: 'ip-10-20-0-5',
    namespace: 'lab-eni-1',
    files: machineFiles({ machines: '/lab/a:b', volumes: '/lab/v', cgroup: 'lab' }, 'i-0a1'),
    devices: new Map([['/dev/loop7', '/dev/disk/by-id/nvme-x']]),
  };

  it('is given the seed read-only, also from a folder with a colon in its name', () => {
    expect(containerArguments(boot)).toContain('--bind-ro=/lab/a\\:b/i-0a1/seed:/var/lib/cloud/seed/nocloud');
  });

  it('boots in its interface’s namespace with its volumes', () => {
    const given = containerArguments(boot);
    expect(given).toContain('--network-namespace-path=/run/netns/lab-eni-1');
    expect(given).toContain('--bind=/dev/loop7:/dev/disk/by-id/nvme-x');
  });
});

describe('what a machine is told', () => {
  it('names a volume as udev does on EC2', () => {
    expect(guestPathOf('vol-0abc12')).toBe('/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0abc12');
  });

  it('has the instance id, name and keys in its metadata', () => {
    const text = metaData({
      instanceId: 'i-1',
      hostname: 'ip-10-0-0-4',
      publicKeys: ['ssh-ed25519 AAAA a "quoted" name'],
    });
    expect(JSON.parse(text)).toEqual({
      'instance-id': 'i-1',
      'local-hostname': 'ip-10-0-0-4',
      'public-keys': ['ssh-ed25519 AAAA a "quoted" name'],
    });
  });
});
