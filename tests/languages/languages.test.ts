import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { run } from '../../lab/process';
import { loadProgram } from '../../lab/program';
import { repositoryRoot } from '../../proving/product';
import { ApiLab } from '../lab/parts/apiLab';

const example = (language: string) => join(repositoryRoot, 'examples', 'minimal', language);
const folder = mkdtempSync(join(tmpdir(), 'languages-'));
const stackFile = join(folder, 'Pulumi.lab.yaml');
const venv = join(folder, 'venv');

/** What a preview would make of each resource. */
const steps = z.object({
  steps: z.array(
    z.object({
      op: z.string(),
      urn: z.string(),
      newState: z.object({ inputs: z.record(z.string(), z.unknown()).optional() }).optional(),
    }),
  ),
});

let region: ApiLab;

async function pulumi(program: string, ...args: string[]): Promise<string> {
  const own = await labEnvironment(loadProgram(program));
  const env = {
    ...own,
    PATH: `${join(venv, 'bin')}:${own['PATH'] ?? ''}`,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${region.server.ports.runner}`,
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
  };
  return run(await ensureEngine(), [...args, '--non-interactive', '--color', 'never'], { cwd: program, env });
}

const onStack = ['--stack', 'lab', '--config-file', stackFile];

/** Every resource by its URN, with its inputs; the ends of names that are drawn anew at each preview are left out. */
async function previewed(language: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await pulumi(example(language), 'preview', '--json', ...onStack);
  const drawn = /-[0-9a-f]{7}(?=")/g;
  const made = steps
    .parse(JSON.parse(text.replace(drawn, '')))
    .steps.filter(({ urn }) => !urn.includes('::pulumi:'));
  return Object.fromEntries(made.map(({ op, urn, newState }) => [urn, { op, inputs: newState?.inputs }]));
}

beforeAll(async () => {
  region = await ApiLab.open();
  mkdirSync(join(folder, 'state'));
  copyFileSync(join(example('yaml'), 'Pulumi.lab.yaml'), stackFile);
  await run(process.execPath, ['build.js'], { cwd: join(repositoryRoot, 'provider') });
  await pulumi(example('yaml'), 'stack', 'init', 'lab');
});

afterAll(async () => {
  await region.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One platform on the real engine, in one language after the other, before an empty region. */
describe('the minimal platform', () => {
  let inYaml: Readonly<Record<string, unknown>>;

  it('is previewed from YAML, through the provider in its folder', async () => {
    inYaml = await previewed('yaml');
    const instances = Object.keys(inYaml).filter((urn) => urn.includes('aws:ec2/instance:Instance::'));
    expect(instances).toHaveLength(5);
  });

  it('is the same, to the last input, in TypeScript without the provider', async () => {
    expect(await previewed('typescript')).toEqual(inYaml);
  });

  it('is the same in Python, with the SDK that is made from the schema', async () => {
    const sdks = join(folder, 'sdks');
    await run('npm', ['run', '--silent', 'sdks', '--', sdks], { cwd: repositoryRoot });
    await run('python3', ['-m', 'venv', venv]);
    await run(join(venv, 'bin', 'pip'), ['install', '--quiet', 'pulumi==3.245.0', join(sdks, 'python')]);
    expect(await previewed('python')).toEqual(inYaml);
  });

  it('is refused in YAML with the words of TypeScript, before anything is made', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '0.0.0.0/0', ...onStack);
    await expect(pulumi(example('yaml'), 'preview', ...onStack)).rejects.toThrow(
      /MqttPlatform mqtt: 1 problem in its arguments\n\s+ssh\.allowedCidrs\[0\]: is 0\.0\.0\.0\/0, the whole internet/,
    );
  });
});
