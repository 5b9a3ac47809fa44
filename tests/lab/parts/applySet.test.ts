import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applySet, sentSet } from '../../../components/host/applySet';
import type { HostFile } from '../../../components/host/fileSet';
import { hostPrograms, programFiles } from '../../../components/host/programs';
import { settingsFile } from '../../../components/host/settings';
import { createMachines, removeLeftovers, type MachinePlaces } from '../../../lab/machines';
import { run } from '../../../lab/process';
import { until } from '../../../proving/pair/until';
import { product } from '../../../proving/product';
import { makeMachineNetwork, type MachineNetwork } from './machineNetwork';

const { packages } = product();
const instanceId = 'i-0abb';
let folder: string;
let network: MachineNetwork;
let made: ReturnType<typeof createMachines>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'apply-set-'));
  const places: MachinePlaces = {
    machines: join(folder, 'machines'),
    volumes: join(folder, 'volumes'),
    cgroup: 'lab-apply-test',
  };
  await removeLeftovers(places);
  network = await makeMachineNetwork('atest', packages.folder);
  made = createMachines(places);
  const { namespace } = await network.addHost('one');
  await made.run({
    instanceId,
    operatingSystem: 'debian-12',
    namespace,
    hostname: 'ip-10-213-0-11',
    resolver: network.resolver,
    userData: gzipSync('#cloud-config\n'),
    publicKeys: [],
    rootVolumeGib: 4,
  });
  await inside('cloud-init status --wait >/dev/null; systemctl is-system-running --wait || true');
});

afterAll(async () => {
  await made.removeAll();
  await network.remove();
  rmSync(folder, { recursive: true });
});

const within = () => [`--target=${String(made.initPid(instanceId))}`, '--all', 'sh', '-c'];
const inside = (script: string) => run('nsenter', [...within(), script]);
const found = (path: string) => inside(`cat ${path} 2>/dev/null || true`);

/** As a connection does that brings a set; the machine's own programs apply it. */
function bring(files: readonly HostFile[]): ChildProcess {
  const child = spawn('setsid', ['nsenter', ...within(), applySet], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(sentSet(files));
  return child;
}

async function ended(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('it has no streams');
  const [out, err] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

const path = '/etc/app.conf';

/** A set of one file, on a host that is well once somebody says so. */
function setOf(content: string): HostFile[] {
  const files: HostFile[] = [
    ...programFiles(hostPrograms),
    settingsFile(
      'apply',
      { kind: 'none' },
      {
        role: 'balancer',
        validate: [],
        enable: ['ssh'],
        health: ['test', '-e', '/run/well'],
        healthTimeoutSeconds: 120,
        runtime: {},
      },
    ),
    { path, content, mode: '0644', owner: 'root:root', change: { kind: 'reload', unit: 'ssh' } },
  ];
  return files;
}

it('is applied in a unit of its own, which tells what it does', async () => {
  await inside('touch /run/well');
  const { code, out, err } = await ended(bring(setOf('first\n')));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`changed ${path}\n`);
  expect(await found(path)).toBe('first\n');
});

it('goes into force though all that came over the connection is killed, and the next one is told', async () => {
  await inside('rm /run/well');
  const child = bring(setOf('second\n'));
  child.on('error', () => undefined);
  await until('the file is there', 60_000, async () => (await found(path)) === 'second\n', 200);
  // All that came over the connection, and the folder with the programs; not the unit.
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await inside('pkill -KILL -f "apply_config.py --[a]part"; pkill -KILL -f "systemd-run --[q]uiet"; true');
  await inside('rm -rf /run/emqx-haproxy-set-*');
  expect(await inside('systemctl list-units --no-legend --plain "emqx-haproxy-run-*"')).toContain('running');
  await inside('touch /run/well');
  const outcome = '/var/lib/emqx-haproxy/outcome.json';
  await until('it has ended', 60_000, async () => (await found(outcome)) !== '', 200);

  const { code, out, err } = await ended(bring(setOf('second\n')));
  expect({ code, out }).toEqual({ code: 0, out: 'unchanged\n' });
  expect(err).toMatch(/^the run before, started by root from , ended at .*: its set is in force\n$/);
  expect(await inside('ls /run | grep -c emqx-haproxy-run || true')).toBe('1\n');
});

it("has its checks read secrets' variables as systemd has services read them", async () => {
  const line = 'PASSWORD="a\\"b\\\\c\\$d\\`e\\f"';
  await inside(
    `mkdir -p /etc/emqx-haproxy/secrets && cat >/etc/emqx-haproxy/secrets/x.env <<'END'\n${line}\nEND`,
  );
  const print = 'import os; print(os.environ["PASSWORD"])';
  const services = await inside(
    `systemd-run --quiet --pipe --wait -p EnvironmentFile=/etc/emqx-haproxy/secrets/x.env /usr/bin/python3 -c '${print}'`,
  );
  const checks = `import sys; sys.path.insert(0, "/usr/local/lib/emqx-haproxy")
from apply.services import check
print(check([["/usr/bin/python3", "-c", "import os, sys; sys.exit(os.environ['PASSWORD'])"]]))`;
  expect(await inside(`/usr/bin/python3 - <<'END'\n${checks}\nEND`)).toContain(`exit 1: ${services}`);
});
