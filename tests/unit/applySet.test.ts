import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { applyAgain, applySet, unpackPrograms } from '../../components/host/applySet';
import { renderFileSet } from '../../components/host/fileSet';
import { programFolder } from '../../components/host/programs';
import { balancerView } from '../../proving/views';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apply-set-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (path: string, content: string) =>
  `=== ${path} mode=0644 owner=root:root change=none\n${content}`;

/** As a host does that has `sudo` and a folder for what is temporary. */
function run(script: string, input = '', end = '=== end\n') {
  const [bin, temporary] = [join(folder, 'bin'), join(folder, 'tmp')];
  mkdirSync(bin);
  mkdirSync(temporary);
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  writeFileSync(join(bin, 'mktemp'), `#!/bin/sh\nmkdir ${temporary}/own && echo ${temporary}/own\n`, {
    mode: 0o755,
  });
  const env = {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    SSH_CONNECTION: '198.51.100.7 52000 10.0.0.4 22',
  };
  const done = spawnSync('sh', ['-c', script], { input: input + end, env, encoding: 'utf8' });
  return { ...done, left: readdirSync(temporary) };
}

describe('the programs of a set', () => {
  it('are unpacked as they are, folders too', () => {
    const files = balancerFiles(balancerView());
    writeFileSync(join(folder, 'set'), renderFileSet(files));
    run(unpackPrograms(join(folder, 'set'), join(folder, 'programs')));
    const programs = files.filter(({ path }) => path.startsWith(`${programFolder}/`));
    expect(programs.length).toBeGreaterThan(20);
    for (const { path, content } of programs) {
      expect(readFileSync(join(folder, 'programs', path.slice(programFolder.length)), 'utf8')).toBe(content);
    }
    const found = readdirSync(join(folder, 'programs'), { recursive: true, encoding: 'utf8' });
    expect(found.filter((name) => name.endsWith('.py'))).toHaveLength(programs.length);
  });
});

describe('a set', () => {
  const program = (text: string) =>
    file(`${programFolder}/apply/said.py`, `words = ${JSON.stringify(text)}\n`) +
    file(
      `${programFolder}/apply_config.py`,
      'import sys\nfrom apply.said import words\nprint(words, len(open(sys.argv[2]).read()), sys.argv[3], sys.path[0])\nsys.exit(3)\n',
    );

  it('is applied by the programs that it brings, on its own text', () => {
    const set = file('/etc/a.conf', 'a\n') + program('today');
    const { stdout, status } = run(applySet, set);
    expect(stdout).toMatch(new RegExp(`^today ${set.length} \\S+ from 198\\.51\\.100\\.7 `));
    expect(status).toBe(3);
  });

  it.each([
    ['the same programs, by those', 'today', (installed: string) => installed],
    ['others, by its own', 'yesterday', () => join(folder, 'tmp', 'own', 'programs')],
  ])('is applied, where a host has %s', (_, there, ran) => {
    const installed = join(folder, 'installed');
    writeFileSync(join(folder, 'set'), program(there));
    spawnSync('sh', ['-c', unpackPrograms(join(folder, 'set'), installed)]);
    const onThisHost = applySet
      .replace(` ${programFolder} >`, ` ${installed} >`)
      .replace(`programs=${programFolder}\n`, `programs=${installed}\n`);
    expect(run(onThisHost, program('today')).stdout).toMatch(new RegExp(`^today .* ${ran(installed)}\n$`));
  });

  it('leaves nothing behind', () => {
    expect(run(applySet, program('gone')).left).toEqual([]);
  });

  it.each([-2, -9, -300])('whose end a broken connection has taken away is not applied', (length) => {
    const set = program('today') + file('/etc/a.conf', 'a\n'.repeat(200));
    const done = run(applySet, `${set}=== end\n`.slice(0, length), '');
    expect(done).toMatchObject({ status: 1, stdout: '', left: [] });
    expect(done.stderr).toBe('refused, nothing was changed: the set came in part\n');
  });

  it('that a host has taken back is applied again by its own programs, and no other one', () => {
    const set = program('again');
    writeFileSync(join(folder, 'taken-back.set'), set);
    const again = (text: string) =>
      applyAgain(createHash('sha256').update(text).digest('hex')).replace('/var/lib/emqx-haproxy', folder);
    const done = run(again(set), '', '');
    expect(done).toMatchObject({ status: 3, left: [] });
    expect(done.stdout).toMatch(new RegExp(`^again ${set.length} `));
    rmSync(join(folder, 'bin'), { recursive: true });
    rmSync(join(folder, 'tmp'), { recursive: true });
    expect(run(again(program('another')), '', '')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('without the program that applies it fails', () => {
    expect(run(applySet, file('/etc/a.conf', 'a\n')).status).not.toBe(0);
  });
});
