import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { applySet, unpackPrograms } from '../../components/host/applySet';
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
function run(script: string, input = '') {
  const [bin, temporary] = [join(folder, 'bin'), join(folder, 'tmp')];
  mkdirSync(bin);
  mkdirSync(temporary);
  writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, TMPDIR: temporary };
  const done = spawnSync('sh', ['-c', script], { input, env, encoding: 'utf8' });
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
      'import sys\nfrom apply.said import words\nprint(words, len(sys.stdin.read()))\nsys.exit(3)\n',
    );

  it('is applied by the programs that it brings, on its own text', () => {
    const set = file('/etc/a.conf', 'a\n') + program('today');
    const { stdout, status } = run(applySet, set);
    expect(stdout).toBe(`today ${set.length}\n`);
    expect(status).toBe(3);
  });

  it('leaves nothing behind', () => {
    expect(run(applySet, program('gone')).left).toEqual([]);
  });

  it('without the program that applies it fails', () => {
    expect(run(applySet, file('/etc/a.conf', 'a\n')).status).not.toBe(0);
  });
});
