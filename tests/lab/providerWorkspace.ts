import type { LocalWorkspaceOptions } from '@pulumi/pulumi/automation';
import { PulumiCommand } from '@pulumi/pulumi/automation';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureEngine } from '../../lab/engine/install';
import { paths } from '../../lab/paths';
import { repositoryRoot } from '../../proving/product';

/** moto by itself, without the lab's front, on a port of loopback. */
export interface Moto {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function moto(): Promise<Moto> {
  const port = await freePort();
  const program = process.env['MOTO_SERVER'] ?? join(paths.venv, 'bin', 'moto_server');
  const child = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await answers(child, `${url}/moto-api/`);
  const folder = mkdtempSync(join(tmpdir(), 'aws-provider-'));
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    rmSync(folder, { recursive: true });
  };
  return { url, folder, stop };
}

/** Options for a stack whose engine finds the lab's AWS provider on PATH and nothing of this machine's Pulumi. */
export async function workspace(server: Moto): Promise<LocalWorkspaceOptions> {
  const root = join(server.folder, 'pulumi');
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(server.folder, 'state'), { recursive: true });
  rmSync(join(bin, 'pulumi'), { force: true });
  symlinkSync(await ensureEngine(), join(bin, 'pulumi'));
  const tsx = require.resolve('tsx/cjs');
  const main = join(repositoryRoot, 'lab', 'providers', 'aws', 'main.ts');
  const script = join(bin, 'pulumi-resource-aws');
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' --require '${tsx}' '${main}' "$@"\n`);
  chmodSync(script, 0o755);
  return {
    pulumiCommand: await PulumiCommand.get({ root, skipVersionCheck: true }),
    envVars: {
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: server.url,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      PULUMI_BACKEND_URL: `file://${join(server.folder, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: 'test',
      PULUMI_HOME: join(server.folder, 'home'),
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    },
  };
}

/** How a client of the SDK reaches it. */
export function endpoint(server: Moto) {
  const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };
  return { endpoint: server.url, region: 'eu-central-1', credentials };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (address === null || typeof address === 'string') throw new Error('loopback gave no port');
  return address.port;
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (child.exitCode !== null) throw new Error(`moto ended with exit code ${child.exitCode}`);
    try {
      await fetch(url);
      return;
    } catch {
      await delay(200);
    }
  }
  child.kill();
  throw new Error('moto did not answer within 30 s');
}
