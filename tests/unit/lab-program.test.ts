import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadProgram } from '../../lab/program';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-program-'));
  vi.stubEnv('LAB_STACK_FILE', undefined);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

function write(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
}

describe('a program', () => {
  it('is the one of the nearest Pulumi.yaml above, and needs to say no more than its name', () => {
    write('Pulumi.yaml', 'name: shop', 'runtime: nodejs');
    const below = join(folder, 'infra', 'web');
    mkdirSync(below, { recursive: true });
    expect(loadProgram(below)).toMatchObject({
      folder,
      project: 'shop',
      stackFile: join(folder, 'Pulumi.lab.yaml'),
      region: 'eu-central-1',
      operatingSystems: ['debian-13'],
      packages: { debian: [], repositories: [] },
      verify: undefined,
      pages: {},
      next: [],
    });
  });

  it('is in the region and has the systems that the configuration of its stack names', () => {
    write('Pulumi.yml', 'name: shop', 'config: { "aws:region": us-east-1 }');
    expect(loadProgram(folder).region).toBe('us-east-1');
    write('Pulumi.lab.yaml', 'config:', '  aws:region: eu-west-1', '  shop:web: { os: debian-12 }');
    expect(loadProgram(folder)).toMatchObject({ region: 'eu-west-1', operatingSystems: ['debian-12'] });
  });

  it('has another configuration when LAB_STACK_FILE names one', () => {
    write('Pulumi.yaml', 'name: shop');
    write('Pulumi.lab.yaml', 'config: { "aws:region": eu-west-1 }');
    write('other.yaml', 'config: { "aws:region": eu-west-2 }');
    vi.stubEnv('LAB_STACK_FILE', join(folder, 'other.yaml'));
    expect(loadProgram(folder)).toMatchObject({ region: 'eu-west-2', stackFile: join(folder, 'other.yaml') });
  });

  it('says in lab.yaml what its hosts install, run, and are proved by', () => {
    write('Pulumi.yaml', 'name: shop');
    write(
      'lab.yaml',
      'packages: [nginx]',
      'repositories: [emqx]',
      'operatingSystems: [debian-12, debian-13]',
      'verify: [./check.sh, --fast]',
      "pages: { shop: { url: '${url}' } }",
      "next: ['open ${url}']",
    );
    const { packages, operatingSystems, verify, pages, next } = loadProgram(folder);
    expect(pages).toEqual({ shop: { url: '${url}' } });
    expect(next).toEqual(['open ${url}']);
    expect(packages.debian).toEqual(['nginx']);
    expect(packages.repositories.map(({ packageName }) => packageName)).toEqual(['emqx', 'emqx-enterprise']);
    expect(operatingSystems).toEqual(['debian-12', 'debian-13']);
    expect(verify).toEqual(['./check.sh', '--fast']);
  });

  it('is refused where there is none, by saying how one is named', () => {
    expect(() => loadProgram(folder)).toThrow(`no Pulumi program in ${folder} or above it: name the folder`);
  });

  it('is refused with all that is wrong with its settings at once', () => {
    write('Pulumi.yaml', 'name: shop');
    write(
      'lab.yaml',
      'package: [nginx]',
      'repositories: [docker]',
      'operatingSystems: [plan9]',
      'verify: []',
      'pages: { shop: { link: x } }',
    );
    const refusal = () => loadProgram(folder);
    expect(refusal).toThrow(`${join(folder, 'lab.yaml')} is not understood`);
    expect(refusal).toThrow(
      'It may hold packages, repositories, operatingSystems, verify, pages, next, passphrase',
    );
    for (const [path, what] of [
      ['the file', '"package"'],
      ['repositories.0', '"emqx"'],
      ['operatingSystems.0', '"debian-12"'],
      ['verify', '>=1'],
      ['pages.shop', '"link"'],
    ])
      expect(refusal).toThrow(new RegExp(`^  ${path ?? ''}: .*${what ?? ''}`, 'm'));
  });
});
