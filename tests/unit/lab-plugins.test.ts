import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { officialPlugins } from '../../lab/engine/plugins';
import { sdkVersion } from '../../lab/providers/sdkVersion';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugins-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function program(...path: string[]): Promise<string> {
  const file = join(folder, ...path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '');
  await chmod(file, 0o755);
  return file;
}

function places() {
  return { pulumiHome: join(folder, 'home'), path: [join(folder, 'bin')] };
}

describe('official plugins', () => {
  it('are not looked for unless they are asked for', async () => {
    await program('bin', 'pulumi-resource-tls');
    expect((await officialPlugins(process.cwd(), undefined, places())).size).toBe(0);
    expect((await officialPlugins(process.cwd(), 'stand-in', places())).size).toBe(0);
    await expect(officialPlugins(process.cwd(), 'yes', places())).rejects.toThrow(
      'allowed are official and stand-in',
    );
  });

  it('are the installed one of the SDK, else the one on PATH, and none where there is none', async () => {
    const installed = await program(
      'home',
      'plugins',
      `resource-command-v${sdkVersion('@pulumi/command')}`,
      'pulumi-resource-command',
    );
    await program('bin', 'pulumi-resource-command');
    await program('home', 'plugins', 'resource-tls-v0.0.1', 'pulumi-resource-tls');
    const random = await program('bin', 'pulumi-resource-random');
    const host = await program('bin', 'pulumi-language-nodejs');
    expect(await officialPlugins(process.cwd(), 'official', places())).toEqual(
      new Map([
        ['nodejs', host],
        ['command', installed],
        ['random', random],
      ]),
    );
  });

  it('are never that of AWS', async () => {
    await program('bin', 'pulumi-resource-aws');
    expect((await officialPlugins(process.cwd(), 'official', places())).size).toBe(0);
  });
});
