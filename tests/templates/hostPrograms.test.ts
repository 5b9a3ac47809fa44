import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCheckImage } from '../../proving/checkImage';
import { escapeLayer } from '../../lab/machines/chroot';
import { paths } from '../../lab/paths';
import { repositoryRoot } from '../../proving/product';

const suites = ['haproxy_watch', 'haproxy_runtime', 'tickets', 'revocation'];
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'host-programs-'));
  const layers = (await ensureCheckImage('debian-13')).map(escapeLayer).join(':');
  const root = join(folder, 'root');
  mkdirSync(root);
  // exec all the way, so that the tests signal HAProxy itself; its mounts end with it.
  const enter = `mount -t overlay -o lowerdir=${layers} overlay ${root} && mount --rbind /tmp ${root}/tmp &&
mount --rbind /dev ${root}/dev && exec chroot ${root} sh -c 'cd "$1" && shift && exec haproxy "$@"' sh "$PWD" "$@"`;
  writeFileSync(join(folder, 'enter'), enter);
  writeFileSync(join(folder, 'haproxy'), `#!/bin/sh\nexec unshare --mount sh ${join(folder, 'enter')} "$@"\n`, {
    mode: 0o755,
  });
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("the programs that speak with HAProxy pass their tests on Debian 13's too", () => {
  const version = spawnSync(join(folder, 'haproxy'), ['-v'], { cwd: folder, encoding: 'utf8' }).stdout;
  expect(version).toMatch(/^HAProxy version 3\.0/);
  const files = suites.map((name) => `host/balancer/tests/test_${name}.py`);
  const base = join('/tmp', `${folder.replace(/^.*\//, '')}-cases`);
  const done = spawnSync(join(paths.venv, 'bin', 'python'), ['-m', 'pytest', '-q', '--basetemp', base, ...files], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    env: { ...process.env, HAPROXY: join(folder, 'haproxy') },
  });
  rmSync(base, { recursive: true, force: true });
  expect(done.status, `${done.stdout}${done.stderr}`).toBe(0);
});
