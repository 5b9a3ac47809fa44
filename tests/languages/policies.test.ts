import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { CommandFailed, run } from '../../lab/process';
import { product, repositoryRoot } from '../../proving/product';
import { ApiLab } from '../lab/parts/apiLab';

const folder = mkdtempSync(join(tmpdir(), 'policies-'));
const stackFile = join(folder, 'Pulumi.lab.yaml');
const pack = join(repositoryRoot, 'policies');
let region: ApiLab;

async function pulumi(...args: string[]): Promise<string> {
  const env = {
    ...(await labEnvironment(product())),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${region.server.ports.runner}`,
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
  };
  return run(await ensureEngine(), [...args, '--non-interactive', '--color', 'never'], {
    cwd: repositoryRoot,
    env,
  });
}

const onStack = ['--stack', 'lab', '--config-file', stackFile];

beforeAll(async () => {
  region = await ApiLab.open();
  mkdirSync(join(folder, 'state'));
  await run(process.execPath, ['../bundle.js'], { cwd: pack });
  copyFileSync(join(repositoryRoot, 'Pulumi.lab.yaml'), stackFile);
  await pulumi('stack', 'init', 'lab');
});
afterAll(async () => {
  await region.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the policy pack, on a preview of the lab’s stack by the real engine', () => {
  it('finds nothing', async () => {
    const told = await pulumi('preview', '--policy-pack', pack, ...onStack);
    expect(told).toMatch(/Policies:\s+.*emqx-haproxy@v\d+\.\d+\.\d+/);
    expect(told).not.toMatch(/mandatory|advisory/);
  });

  it('refuses a listener that lets anybody in from the internet', async () => {
    const listener = 'listeners.mqtts.anonymous';
    await pulumi('config', 'set', '--path', listener, 'true', ...onStack);
    const rule = 'emqx.authorization.rules[1]';
    await pulumi('config', 'set', '--path', `${rule}.permission`, 'allow', ...onStack);
    await pulumi('config', 'set', '--path', `${rule}.topics[0]`, 'public/#', ...onStack);
    await pulumi('config', 'set', '--path', `${rule}.who.anonymous`, 'true', ...onStack);
    const refusal = await pulumi('preview', '--policy-pack', pack, ...onStack).catch((error: unknown) =>
      error instanceof CommandFailed ? error.output : String(error),
    );
    expect(refusal).toMatch(
      /\[mandatory\] {2}nobody-anonymous-on-the-internet[^]*listeners\.mqtts lets anonymous clients in, and its port 8883 is open/,
    );
  });
});
