import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFailed, run } from '../../lab/process';
import { repositoryRoot } from '../../proving/product';
import { Stacks } from '../../proving/region/stacks';

const pack = join(repositoryRoot, 'policies');
let stacks: Stacks;

const pulumi = async (...args: string[]) =>
  stacks.pulumi(repositoryRoot, ...args, '--stack', 'lab', '--config-file', stackFile());
const stackFile = () => join(stacks.folder, 'Pulumi.lab.yaml');

beforeAll(async () => {
  stacks = await Stacks.open();
  await run(process.execPath, ['../bundle.js'], { cwd: pack });
  copyFileSync(join(repositoryRoot, 'Pulumi.lab.yaml'), stackFile());
  await stacks.pulumi(repositoryRoot, 'stack', 'init', 'lab');
});
afterAll(async () => stacks.close());

describe('the policy pack, on a preview of the lab’s stack by the real engine', () => {
  it('finds nothing', async () => {
    const told = await pulumi('preview', '--policy-pack', pack);
    expect(told).toMatch(/Policies:\s+.*emqx-haproxy@v\d+\.\d+\.\d+/);
    expect(told).not.toMatch(/mandatory|advisory/);
  });

  it('refuses a listener that lets anybody in from the internet', async () => {
    const listener = 'listeners.mqtts.anonymous';
    await pulumi('config', 'set', '--path', listener, 'true');
    const rule = 'emqx.authorization.rules[1]';
    await pulumi('config', 'set', '--path', `${rule}.permission`, 'allow');
    await pulumi('config', 'set', '--path', `${rule}.topics[0]`, 'public/#');
    await pulumi('config', 'set', '--path', `${rule}.who.anonymous`, 'true');
    const refusal = await pulumi('preview', '--policy-pack', pack).catch((error: unknown) =>
      error instanceof CommandFailed ? error.output : String(error),
    );
    expect(refusal).toMatch(
      /\[mandatory\] {2}nobody-anonymous-on-the-internet[^]*listeners\.mqtts lets anonymous clients in, and its port 8883 is open/,
    );
  });
});
