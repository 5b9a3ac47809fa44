import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { GetSchemaRequest } from '@pulumi/pulumi/proto/provider_pb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../lab/process';
import { repositoryRoot } from '../../proving/product';

/** A clone of this repository, in which Pulumi installs the provider. */
const clone = mkdtempSync(join(tmpdir(), 'emqx-haproxy-clone-'));
const folder = join(clone, 'provider');

beforeAll(async () => {
  const listing = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: repositoryRoot,
  });
  for (const path of listing
    .split('\0')
    .filter((name) => existsSync(join(repositoryRoot, name)) && name !== ''))
    cpSync(join(repositoryRoot, path), join(clone, path));
  await run('npm', ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** What the provider answers, started as the engine does. */
async function served(): Promise<string> {
  const provider = spawn(process.execPath, [join(folder, 'index.js'), '127.0.0.1:1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = String(await once(provider.stdout, 'data')).trim();
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
    provider.kill();
  }
}

describe('the provider, installed from a clone without dev dependencies', () => {
  it('brings no compiler of types, no test tools and nothing of the lab', () => {
    const installed = ['typescript', 'ts-node', 'tsx', 'vitest', 'eslint', 'zod', 'mqtt'].filter((name) =>
      existsSync(join(folder, 'node_modules', name)),
    );
    expect(installed).toEqual([]);
    expect(existsSync(join(clone, 'node_modules'))).toBe(false);
  });

  it('starts and serves the committed schema', async () => {
    expect(await served()).toBe(readFileSync(join(repositoryRoot, 'provider', 'schema.json'), 'utf8'));
  });

  it('says in one line that a Node is too old', async () => {
    const old = `Object.defineProperty(process.versions, 'node', { value: '18.20.0' }); require('./index.js');`;
    await expect(run(process.execPath, ['-e', old], { cwd: folder })).rejects.toThrow(
      /emqx-haproxy needs Node 20 or newer; this is 18\.20\.0/,
    );
  });
});
