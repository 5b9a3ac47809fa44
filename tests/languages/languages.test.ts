import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { run } from '../../lab/process';
import { loadProgram } from '../../lab/program';
import { repositoryRoot } from '../../proving/product';
import { snakeCase } from '../../provider/spelling';
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

/** An example with a file of it changed, whose provider is still this checkout's. */
async function changedCopy(
  language: string,
  file: string,
  change: (text: string) => string,
): Promise<string> {
  const copy = join(folder, `wrong-${language}`);
  await cp(example(language), copy, { recursive: true });
  const rewrite = (name: string, how: (text: string) => string) =>
    writeFile(join(copy, name), how(readFileSync(join(copy, name), 'utf8')));
  await rewrite(file, change);
  await rewrite('Pulumi.yaml', (text) => text.replace('../../../provider', join(repositoryRoot, 'provider')));
  return copy;
}

/** Why a preview is refused. */
async function refusal(program: string): Promise<string> {
  return pulumi(program, 'preview', ...onStack).then(
    () => 'not refused',
    (error: unknown) => String(error),
  );
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
  await run(process.execPath, ['../bundle.js'], { cwd: join(repositoryRoot, 'provider') });
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
    // What is wrong is told by these names.
    const types = readFileSync(join(sdks, 'python', 'pulumi_emqx_haproxy', '_inputs.py'), 'utf8');
    const names = [...types.matchAll(/@pulumi\.getter\(name="(\w+)"\)\s+def (\w+)\(/g)];
    expect(names.length).toBeGreaterThan(50);
    for (const [, inSchema = '', inPython] of names) expect(snakeCase(inSchema)).toBe(inPython);
  });

  it('is refused in YAML with the words of TypeScript, before anything is made', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '0.0.0.0/0', ...onStack);
    await expect(pulumi(example('yaml'), 'preview', ...onStack)).rejects.toThrow(
      /MqttPlatform mqtt: 1 problem in its arguments\n\s+ssh\.allowedCidrs\[0\]: is 0\.0\.0\.0\/0, the whole internet/,
    );
  });

  it('is refused in YAML, by its own check against the schema, where a type is wrong or a name unknown', async () => {
    const wrong = await changedCopy('yaml', 'Pulumi.yaml', (text) =>
      text
        .replace('maxConnections: 2000', 'maxConnection: 2000')
        .replace('      emqx:\n', "      emqx:\n        dataVolumeGib: '8'\n"),
    );
    const told = await refusal(wrong);
    expect(told).toContain("dataVolumeGib: Cannot assign type 'string' to type 'integer'");
    expect(told).toContain('Existing properties are: maxConnections');
  });

  it('is refused in Python, which checks nothing itself, with the words of TypeScript and its own names', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '203.0.113.1/32', ...onStack);
    const wrong = await changedCopy('python', '__main__.py', (text) =>
      text
        .replace('"max_connections": 2000', '"max_connection": 2000')
        .replace('    emqx={\n', '    emqx={\n        "data_volume_gib": "8",\n'),
    );
    const told = await refusal(wrong);
    expect(told).toContain('MqttPlatform mqtt: 2 problems in its arguments');
    expect(told).toContain(
      'listeners.mqtts.max_connection: is no known setting; did you mean max_connections?',
    );
    expect(told).toContain('emqx.data_volume_gib: is "8"; a whole number is allowed');
  });
});

it('a platform from its parts is previewed in YAML: what one part tells, another takes', async () => {
  const parts = join(repositoryRoot, 'examples', 'parts');
  const own = ['--stack', 'lab', '--config-file', join(folder, 'Pulumi.parts.yaml')];
  await pulumi(parts, 'stack', 'init', 'lab');
  const values = { 'aws:region': 'eu-central-1', sshCidr: '203.0.113.1/32', keyName: 'mqtt' };
  for (const [key, value] of Object.entries(values)) await pulumi(parts, 'config', 'set', key, value, ...own);
  await pulumi(parts, 'config', 'set', '--secret', 'loginKey', 'a login key', ...own);
  const text = await pulumi(parts, 'preview', '--json', ...own);
  const made = steps.parse(JSON.parse(text)).steps.map(({ urn }) => urn);
  const hosts = made.filter((urn) => urn.includes('aws:ec2/instance:Instance::'));
  expect(hosts.map((urn) => urn.split('::').at(-1)).toSorted()).toEqual([
    'mqtt-emqx-1-instance',
    'mqtt-emqx-2-instance',
    'mqtt-emqx-3-instance',
    'mqtt-haproxy-1-instance',
    'mqtt-haproxy-2-instance',
  ]);
});
