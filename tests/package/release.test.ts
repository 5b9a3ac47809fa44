import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { GetSchemaRequest } from '@pulumi/pulumi/proto/provider_pb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { CommandFailed, run } from '../../lab/process';
import { loadProgram } from '../../lab/program';
import { copyCheckout } from '../../proving/checkoutCopy';
import { repositoryRoot } from '../../proving/product';
import { notesOf } from '../../release/changelog';
import { readState } from '../upgrade/release';
import { serveGit, type GitServer } from './gitServer';

/** What a maintainer types for a release (docs/releasing.md), in a clone of this repository, and what a user gets of it. */
const folder = mkdtempSync(join(tmpdir(), 'emqx-haproxy-release-'));
const clone = join(folder, 'clone');
const next = '900.0.0';
const inClone = (path: string) => readFileSync(join(clone, path), 'utf8');

async function npm(...args: string[]): Promise<string> {
  // A lab of its own, which is not up, with the engine of this one.
  const path = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: path, LAB_HOME: join(folder, 'lab') };
  return run('npm', ['run', '--silent', ...args], { cwd: clone, env });
}

async function git(...args: string[]): Promise<string> {
  const author = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', '-c', 'commit.gpgSign=false'];
  return run('git', [...author, ...args], { cwd: clone });
}

beforeAll(async () => {
  await copyCheckout(clone);
  symlinkSync(join(repositoryRoot, 'node_modules'), join(clone, 'node_modules'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(await ensureEngine(), join(folder, 'bin', 'pulumi'));
  // Right after a release nothing is unreleased.
  const heading = '## [Unreleased]\n';
  writeFileSync(
    join(clone, 'CHANGELOG.md'),
    inClone('CHANGELOG.md').replace(heading, `${heading}\n- A door.\n`),
  );
  await git('init', '--quiet', '--initial-branch=main');
  // A link, which `node_modules/` in .gitignore does not mean; Pulumi takes no repository with links in it.
  writeFileSync(join(clone, '.git', 'info', 'exclude'), 'node_modules\n');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Before');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a release, by the commands of docs/releasing.md,', () => {
  it('keeps the state of its lab, which the upgrade test takes from then on', async () => {
    const former = readState('0.1.0');
    writeFileSync(join(folder, 'state.json'), JSON.stringify(former));
    await npm('lab', '--', 'pulumi', '--', 'stack', 'init', 'lab');
    await npm(
      'lab',
      '--',
      'pulumi',
      '--',
      'stack',
      'import',
      '--stack',
      'lab',
      '--file',
      join(folder, 'state.json'),
    );
    await npm('record-release', '--', next);
    const kept = readdirSync(join(clone, 'tests', 'upgrade', 'releases', next));
    expect(kept.toSorted()).toEqual(['Pulumi.lab.yaml', 'state.json.br']);
    const listed = await run(
      'npx',
      ['vitest', 'list', '--project=upgrade', 'tests/upgrade/upgrade.test.ts'],
      {
        cwd: clone,
      },
    );
    expect(listed).toContain(
      `a stack of ${next}, previewed with today’s code > replaces nothing and deletes nothing`,
    );
  });

  it('has one version everywhere, the changelog’s section, and all that its tag asks for', async () => {
    const unreleased = notesOf(inClone('CHANGELOG.md'), 'Unreleased');
    await npm('release', '--', next);
    const touched = (await git('status', '--porcelain', '--untracked-files=no')).trim().split('\n');
    expect(touched.map((line) => line.trim().replace('M ', '')).toSorted()).toEqual([
      'CHANGELOG.md',
      ...['package-lock.json', 'package.json', 'policies/PulumiPolicy.yaml'],
      ...['policies/package-lock.json', 'policies/package.json'],
      ...['provider/package-lock.json', 'provider/package.json', 'provider/schema.json'],
    ]);
    expect(await npm('release', '--', 'tag', `v${next}`)).toBe(`nothing is lacking for v${next}\n`);
    expect(await npm('release', '--', 'notes', next)).toBe(`${unreleased ?? ''}\n`);
    await expect(npm('release', '--', next)).rejects.toThrow(
      `version: is ${next}; it has to be newer than ${next}`,
    );
  });
});

/** As GitHub would have it, and a project of a user's. */
describe('from its tag, the provider', () => {
  const project = join(folder, 'project');
  let server: GitServer;
  const address = 'github.com/example/pulumi-emqx-haproxy/provider';
  let installed: string;

  async function pulumi(language: 'yaml' | 'python', ...args: string[]): Promise<string> {
    const env = {
      ...(await labEnvironment({ ...loadProgram(project), language })),
      PULUMI_HOME: join(folder, 'pulumi'),
      ...server.environment,
      // npm goes its own way.
      NO_PROXY: new URL(await run('npm', ['config', 'get', 'registry'])).hostname,
      npm_config_prefer_offline: 'true',
    };
    return run(await ensureEngine(), [...args, '--non-interactive', '--color', 'never'], {
      cwd: project,
      env,
    });
  }

  beforeAll(async () => {
    await git('tag', 'v0.1.0');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', `Release ${next}`);
    await git('tag', `v${next}`);
    const repositories = join(folder, 'repositories');
    await git('clone', '--quiet', '--bare', clone, join(repositories, 'example', 'pulumi-emqx-haproxy.git'));
    server = await serveGit(repositories, join(folder, 'pki'));
    cpSync(join(clone, 'examples', 'minimal', 'yaml'), project, { recursive: true });
    const file = join(project, 'Pulumi.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^packages:\n(?: .*\n)+/m, ''));
    await pulumi('yaml', 'package', 'add', address);
    const plugins = join(folder, 'pulumi', 'plugins');
    const [plugin = '', ...more] = readdirSync(plugins).filter((name) => !name.endsWith('.lock'));
    expect(more).toEqual([]);
    installed = join(plugins, plugin, 'provider');
  });
  afterAll(async () => server.close());

  it('is found as the newest, where no version is asked for', () => {
    expect(versionOf(join(installed, 'package.json'))).toBe(next);
  });

  it('is noted with its version, where that is asked for', async () => {
    await pulumi('yaml', 'package', 'add', `${address}@${next}`);
    const noted = readFileSync(join(project, 'Pulumi.yaml'), 'utf8');
    expect(noted).toContain(`emqx-haproxy: ${address}@${next}\n`);
  });

  it('has the SDK imported by one name in Python, whoever owns the repository', async () => {
    const out = join(folder, 'sdk');
    await pulumi('python', 'package', 'gen-sdk', `${address}@${next}`, '--language', 'python', '--out', out);
    const sdk = join(out, 'python', 'pulumi_emqx_haproxy');
    const asked: unknown = JSON.parse(readFileSync(join(sdk, 'pulumi-plugin.json'), 'utf8'));
    expect(asked).toMatchObject({ resource: true, version: next, server: `git://${address}` });
  });

  it('is installed without a compiler of types, test tools and anything of the lab', () => {
    const unwanted = ['typescript', 'ts-node', 'tsx', 'vitest', 'eslint', 'zod', 'mqtt'].filter((name) =>
      existsSync(join(installed, 'node_modules', name)),
    );
    expect(unwanted).toEqual([]);
    expect(existsSync(join(installed, '..', 'node_modules'))).toBe(false);
  });

  it('starts and serves the schema of the release', async () => {
    expect(await served(installed)).toBe(inClone('provider/schema.json'));
  });

  it('says in one line that a Node is too old, started as Pulumi does', async () => {
    const old = join(folder, 'old.cjs');
    writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '18.20.0' });");
    const start = join(installed, 'node_modules', '@pulumi', 'pulumi', 'cmd', 'run-plugin');
    const args = ['--require', old, start, installed, '127.0.0.1:1'];
    const told = await run(process.execPath, args, { cwd: project }).catch((error: unknown) =>
      error instanceof CommandFailed ? error.output : String(error),
    );
    expect(told).toMatch(/^emqx-haproxy needs Node 20 or newer; this is 18\.20\.0 \(.*\)\n$/);
  });
});

function versionOf(manifest: string): unknown {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
}

/** What the provider in a folder answers, started as the engine does. */
async function served(provider: string): Promise<string> {
  const started = spawn(process.execPath, [join(provider, 'index.js'), '127.0.0.1:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = String(await once(started.stdout, 'data')).trim();
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    return await new Promise((resolve, reject) =>
      client.getSchema(new GetSchemaRequest(), (error, response) => {
        client.close();
        if (error === null) resolve(response.getSchema());
        else reject(error);
      }),
    );
  } finally {
    started.kill();
  }
}
