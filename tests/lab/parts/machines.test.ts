import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachines, removeLeftovers, type MachinePlaces } from '../../../lab/machines';
import { guestPathOf } from '../../../lab/machines/volumes';
import type { MachineSpec, MachineState } from '../../../lab/model';
import { ensurePackages } from '../../../lab/packages/repository';
import { CommandFailed, run } from '../../../lab/process';
import { product } from '../../../proving/product';
import { abandonMachine } from './abandonMachine';
import { connectFrom, waitFor } from './guestProbe';
import { makeMachineNetwork, type MachineNetwork } from './machineNetwork';

const { packages } = product();
const volumeId = 'vol-0abc';
const device = guestPathOf(volumeId);

const userData = `#cloud-config
packages: [adduser, haproxy]
runcmd:
- [sh, -c, "echo ran >>/root/first-boot"]
- [sh, -c, "echo said on the console >/dev/console"]
`;

let folder: string;
let places: MachinePlaces;
let network: MachineNetwork;
let made: ReturnType<typeof createMachines>;
let spec: MachineSpec;
let address: string;
const news: [string, MachineState][] = [];

beforeAll(async () => {
  await ensurePackages('debian-13', packages);
  folder = mkdtempSync(join(tmpdir(), 'lab-machines-'));
  places = {
    machines: join(folder, 'machines'),
    volumes: join(folder, 'volumes'),
    cgroup: 'lab-machines-test',
  };
  await removeLeftovers(places);
  network = await makeMachineNetwork('mtest', packages.folder);
  made = createMachines(places);
  made.onStateChange((instanceId, state) => news.push([instanceId, state]));
  const host = await network.addHost('one');
  address = host.address;
  spec = {
    instanceId: 'i-0aaa',
    operatingSystem: 'debian-13',
    namespace: host.namespace,
    hostname: 'ip-10-213-0-10',
    resolver: network.resolver,
    userData: gzipSync(userData),
    publicKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqPpWY4bV4Jx0o0T0mF4kWvGm1m6o5m7FSJ0F4v3Q2P a test'],
    rootVolumeGib: 4,
  };
});

afterAll(async () => {
  await made.removeAll();
  await network.remove();
  rmSync(folder, { recursive: true });
});

/** Runs a command in the machine, as a program of its own would run. */
function inside(...argv: string[]): Promise<string> {
  return run('nsenter', [`--target=${String(made.initPid(spec.instanceId))}`, '--all', ...argv]);
}

/** Waits until the guest has carried out what its boot demands. */
async function booted(): Promise<string> {
  return (
    await inside(
      'sh',
      '-c',
      'cloud-init status --wait >/dev/null; systemctl is-system-running --wait || true',
    )
  ).trim();
}

describe('a machine', () => {
  it('carries out compressed user data on its first boot, with packages from the repository', async () => {
    await made.run(spec);
    expect(made.state(spec.instanceId)).toBe('running');

    expect(await booted()).toBe('running');
    expect(await inside('cat', '/root/first-boot')).toBe('ran\n');
    expect(await inside('systemctl', 'is-active', 'haproxy')).toBe('active\n');
    expect(await inside('hostname')).toBe('ip-10-213-0-10\n');
    expect(await inside('cat', '/home/admin/.ssh/authorized_keys')).toContain(spec.publicKeys[0]);
    expect(await made.consoleOutput(spec.instanceId)).toContain('said on the console');
  });

  it('has a root disk of the size that was asked for', async () => {
    const size = Number((await inside('df', '--output=size', '--block-size=1M', '/')).split('\n')[1]);
    expect(size).toBeGreaterThan(3_500);
    expect(size).toBeLessThanOrEqual(4_096);
  });

  it('lets programs have real-time priority and set network parameters', async () => {
    expect(await inside('sh', '-c', 'chrt --fifo 50 echo real-time')).toBe('real-time\n');
    await inside(
      'systemd-run',
      '--wait',
      '--quiet',
      'sysctl',
      '-qw',
      'net.ipv4.ip_local_port_range=11000 60000',
    );
  });

  it('keeps its disk over a reboot from inside, does not repeat its first boot, and forgets added addresses', async () => {
    await inside('ip', 'address', 'add', '10.213.0.200/32', 'dev', 'ens5');
    const before = made.initPid(spec.instanceId);
    await inside('systemctl', 'reboot', '--no-block');
    await waitFor('a new init', () => {
      const pid = made.initPid(spec.instanceId);
      return pid !== undefined && pid !== before;
    });

    expect(await booted()).toBe('running');
    expect(await inside('cat', '/root/first-boot')).toBe('ran\n');
    expect(await inside('ip', '-brief', 'address', 'show', 'ens5')).not.toContain('10.213.0.200');
    expect(made.state(spec.instanceId)).toBe('running');
    expect(news).toEqual([]);
  });

  it('reboots when the API says so', async () => {
    const before = made.initPid(spec.instanceId);
    await made.reboot(spec.instanceId);
    expect(made.initPid(spec.instanceId)).not.toBe(before);
    expect(await booted()).toBe('running');
  });

  it('is given a volume while it runs, and has it and its content after a stop and a start', async () => {
    await made.createVolume(volumeId, 1);
    await made.attachVolume(spec.instanceId, volumeId);
    await inside('mkfs.ext4', '-q', device);
    await inside('sh', '-c', `mount ${device} /mnt && echo kept >/mnt/file && umount /mnt`);

    await made.stop(spec.instanceId);
    expect(made.state(spec.instanceId)).toBe('stopped');
    expect(made.initPid(spec.instanceId)).toBeUndefined();
    await made.start(spec.instanceId);

    expect(await booted()).toBe('running');
    await inside('mount', device, '/mnt');
    expect(await inside('cat', '/mnt/file')).toBe('kept\n');
  });

  it('gives a volume back only when it is not mounted', async () => {
    await expect(made.detachVolume(spec.instanceId, volumeId)).rejects.toThrow('is mounted on /mnt');
    await inside('umount', '/mnt');
    await made.detachVolume(spec.instanceId, volumeId);
    await expect(inside('test', '-e', device)).rejects.toThrow(CommandFailed);
    await made.deleteVolume(volumeId);
    expect(await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'])).not.toContain(volumeId);
  });

  it('does not react while it is frozen, and does again afterwards', async () => {
    await made.freeze(spec.instanceId);
    expect(await connectFrom(network, address, 22)).toBe('silent');
    await made.thaw(spec.instanceId);
    expect(await connectFrom(network, address, 22)).toBe('answered');
  });

  it('is silent at once when it crashes: peers are neither told nor refused', async () => {
    await made.crash(spec.instanceId);
    expect(made.state(spec.instanceId)).toBe('stopped');
    expect(await connectFrom(network, address, 22)).toBe('silent');
    expect(news).toEqual([]);
    await expect(made.freeze(spec.instanceId)).rejects.toThrow('i-0aaa is stopped');

    await made.start(spec.instanceId);
    expect(await booted()).toBe('running');
    expect(await connectFrom(network, address, 22)).toBe('answered');
  });

  it('that powers itself off is reported as stopped', async () => {
    await inside('systemctl', 'poweroff', '--no-block');
    await waitFor('the news', () => news.length > 0);
    expect(news).toEqual([[spec.instanceId, 'stopped']]);
    expect(made.state(spec.instanceId)).toBe('stopped');
  });

  it('leaves no disk when it is terminated', async () => {
    await made.terminate(spec.instanceId);
    expect(made.state(spec.instanceId)).toBe('terminated');
    expect(existsSync(join(places.machines, spec.instanceId))).toBe(false);
  });
});

describe('removal', () => {
  it('of what a killed daemon left needs no daemon and leaves nothing', async () => {
    const host = await network.addHost('two');
    const left = await abandonMachine({ ...spec, instanceId: 'i-0bbb', namespace: host.namespace }, places);
    expect(existsSync(`/proc/${left.initPid}`)).toBe(true);

    await removeLeftovers(places);

    expect(existsSync(`/proc/${left.initPid}`)).toBe(false);
    expect(existsSync(places.machines)).toBe(false);
    expect(existsSync(places.volumes)).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder);
    expect(await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'])).not.toContain(folder);
    expect(existsSync('/run/systemd/nspawn/propagate/i-0bbb')).toBe(false);
    for (const hierarchy of ['freezer', 'systemd', 'unified', '.']) {
      expect(existsSync(join('/sys/fs/cgroup', hierarchy, places.cgroup))).toBe(false);
    }
    expect(lockFiles()).toEqual(left.locksBefore);
  });

  it('overtakes machines that are still booting or stopping', async () => {
    const hosts = await Promise.all(['booting', 'stopping'].map((name) => network.addHost(name)));
    const [booting, stopping] = hosts.map(({ namespace }) => ({
      ...spec,
      instanceId: `i-${namespace}`,
      namespace,
    }));
    if (booting === undefined || stopping === undefined) throw new Error('no hosts');
    await made.run(stopping);
    const stopped = made.stop(stopping.instanceId);
    const booted = made.run(booting);
    await waitFor('the boot to begin', () => existsSync(join(places.machines, booting.instanceId)));

    await made.removeAll();
    await Promise.allSettled([stopped, booted]);

    expect([made.state(stopping.instanceId), made.state(booting.instanceId)]).toEqual([
      'terminated',
      'terminated',
    ]);
    expect(existsSync(places.machines)).toBe(false);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(folder);
    expect(existsSync(join('/sys/fs/cgroup/freezer', places.cgroup))).toBe(false);
  });

  it('of a frozen machine leaves nothing either', async () => {
    const host = await network.addHost('three');
    await made.run({ ...spec, instanceId: 'i-0ccc', namespace: host.namespace });
    await made.freeze('i-0ccc');
    await made.removeAll();
    expect(existsSync(places.machines)).toBe(false);
    expect(made.state('i-0ccc')).toBe('terminated');
  });
});

function lockFiles(): string[] {
  const locks = '/run/systemd/nspawn/locks';
  return existsSync(locks) ? readdirSync(locks).sort() : [];
}
