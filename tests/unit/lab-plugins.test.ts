import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
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

describe("the lab's own providers", () => {
  /** The programs that the engine finds, of a lab that is all in the folder. */
  async function written(...path: string[]) {
    vi.stubEnv('LAB_HOME', join(folder, 'lab'));
    vi.stubEnv('LAB_PLUGINS', undefined);
    vi.stubEnv('PATH', path.join(delimiter));
    vi.resetModules();
    onTestFinished(() => {
      vi.unstubAllEnvs();
      vi.resetModules();
    });
    const { labEnvironment } = await import('../../lab/engine/environment.js');
    const { loadProgram } = await import('../../lab/program.js');
    const { PATH = '' } = await labEnvironment(loadProgram(process.cwd()));
    const [first = ''] = PATH.split(delimiter);
    return readFile(join(first, 'pulumi-resource-tls'), 'utf8').catch(() => undefined);
  }

  it('come before others on PATH, which the engine would take before what is installed', async () => {
    await program('bin', 'pulumi-resource-tls');
    expect(await written(join(folder, 'bin'))).toContain('lab/providers/tls/main.ts');
    expect(await written(join(folder, 'empty'))).toBeUndefined();
  });
});
