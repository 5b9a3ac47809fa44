import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { CommandFailed } from '../../lab/process';
import { repositoryRoot } from '../../proving/product';
import { snakeCase } from '../../provider/spelling';
import { Stacks } from '../../proving/region/stacks';

const provider = join(repositoryRoot, 'provider');
const example = (language: string) => join(repositoryRoot, 'examples', 'minimal', language);

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

let stacks: Stacks;

const pulumi = async (program: string, ...args: string[]) => stacks.pulumi(program, ...args);

/** An example elsewhere, as a user's project that knows nothing of the provider yet. */
async function fresh(language: string): Promise<string> {
  const project = join(stacks.folder, language);
  await cp(example(language), project, {
    recursive: true,
    // What a user of this checkout may have there.
    filter: (path) => !/\/(sdks|venv)$/.test(path),
  });
  const file = join(project, 'Pulumi.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^packages:\n(?: .*\n)+/m, ''));
  return project;
}

/** What a preview says of a project to which the provider was added, be it why it is refused, while a file is otherwise. */
async function saidWith(language: string, file: string, change: (text: string) => string): Promise<string> {
  const project = join(stacks.folder, language);
  const path = join(project, file);
  const text = readFileSync(path, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(path, change(text));
  try {
    return await saidOf(project);
  } finally {
    writeFileSync(path, text);
  }
}

async function saidOf(project: string): Promise<string> {
  return pulumi(project, 'preview', ...onStack()).catch((error: unknown) => {
    if (error instanceof CommandFailed) return error.output;
    throw error;
  });
}

const stackFile = () => join(stacks.folder, 'Pulumi.lab.yaml');
const onStack = () => ['--stack', 'lab', '--config-file', stackFile()];

/** Every resource by its URN, with its inputs; the ends of names that are drawn anew at each preview are left out. */
async function previewed(program: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await pulumi(program, 'preview', '--json', ...onStack());
  const drawn = /-[0-9a-f]{7}(?=")/g;
  const made = steps
    .parse(JSON.parse(text.replace(drawn, '')))
    .steps.filter(({ urn }) => !urn.includes('::pulumi:'));
  return Object.fromEntries(made.map(({ op, urn, newState }) => [urn, { op, inputs: newState?.inputs }]));
}

beforeAll(async () => {
  stacks = await Stacks.open();
  copyFileSync(join(example('yaml'), 'Pulumi.lab.yaml'), stackFile());
  await pulumi(example('yaml'), 'stack', 'init', 'lab');
});
afterAll(async () => stacks.close());

/** One platform on the real engine, in one language after the other, before an empty region. */
describe('the minimal platform', () => {
  let inYaml: Readonly<Record<string, unknown>>;

  it('is previewed from YAML, through the provider in its folder', async () => {
    inYaml = await previewed(example('yaml'));
    const instances = Object.keys(inYaml).filter((urn) => urn.includes('aws:ec2/instance:Instance::'));
    expect(instances).toHaveLength(5);
  });

  it('is the same, to the last input, in TypeScript without the provider', async () => {
    expect(await previewed(example('typescript'))).toEqual(inYaml);
  });

  it('is the same in a fresh project in YAML, once `pulumi package add` has noted the provider', async () => {
    const project = await fresh('yaml');
    await pulumi(project, 'package', 'add', provider);
    expect(readFileSync(join(project, 'Pulumi.yaml'), 'utf8')).toContain(`emqx-haproxy: ${provider}`);
    expect(await previewed(project)).toEqual(inYaml);
  });

  it('is the same in a fresh project in Python, with the SDK that `pulumi package add` writes', async () => {
    const project = await fresh('python');
    expect(await pulumi(project, 'package', 'add', provider)).toContain('import pulumi_emqx_haproxy');
    const asked = readFileSync(join(project, 'requirements.txt'), 'utf8');
    expect(asked.match(/^\.\/sdks\/emqx-haproxy$/gm)).toHaveLength(1);
    expect(await previewed(project)).toEqual(inYaml);
    // What is wrong is told by these names.
    const sdk = join(project, 'sdks', 'emqx-haproxy');
    const types = readFileSync(join(sdk, 'pulumi_emqx_haproxy', '_inputs.py'), 'utf8');
    const names = [...types.matchAll(/@pulumi\.getter\(name="(\w+)"\)\s+def (\w+)\(/g)];
    expect(names.length).toBeGreaterThan(50);
    for (const [, inSchema = '', inPython] of names) expect(snakeCase(inSchema)).toBe(inPython);
  });

  it('is refused in YAML with the words of TypeScript, before anything is made', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '0.0.0.0/0', ...onStack());
    await expect(pulumi(example('yaml'), 'preview', ...onStack())).rejects.toThrow(
      /MqttPlatform mqtt: 1 problem in its arguments\n\s+ssh\.allowedCidrs\[0\]: is 0\.0\.0\.0\/0, the whole internet/,
    );
  });

  it('is refused in YAML, by its own check against the schema, where a type is wrong or a name unknown', async () => {
    const told = await saidWith('yaml', 'Pulumi.yaml', (text) =>
      text
        .replace('maxConnections: 2000', 'maxConnection: 2000')
        .replace('      emqx:\n', "      emqx:\n        dataVolumeGib: '8'\n"),
    );
    expect(told).toContain("dataVolumeGib: Cannot assign type 'string' to type 'integer'");
    expect(told).toContain('Existing properties are: maxConnections');
  });

  it('is told by Pulumi, in one line, where the SDK is of a later version than the provider', async () => {
    // The SDK that is installed tells its version here, which is that of the provider that it asks for.
    const files = readdirSync(join(stacks.folder, 'python', 'venv'), { recursive: true }).map(String);
    const version = files.find((path) => path.endsWith('/pulumi_emqx_haproxy/_utilities.py')) ?? '';
    const told = await saidWith('python', join('venv', version), (text) =>
      text.replace(/(def get_version\(\):\s+return ).*/, '$1"9.9.9"'),
    );
    expect(told).toMatch(
      /resource plugin emqx-haproxy is expected to have version >=9\.9\.9, but has \d+\.\d+\.\d+/,
    );
  });

  it('is refused by the provider, in one line, where the Node on PATH is too old', async () => {
    const folder = join(stacks.folder, 'old');
    mkdirSync(folder);
    const asOld = "Object.defineProperty(process.versions, 'node', { value: '18.20.8' });";
    writeFileSync(join(folder, 'old.cjs'), asOld);
    const node = `#!/bin/sh\nexec '${process.execPath}' --require '${join(folder, 'old.cjs')}' "$@"\n`;
    writeFileSync(join(folder, 'node'), node, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const told = await saidOf(join(stacks.folder, 'yaml'));
    expect(told).toMatch(/^.*emqx-haproxy needs Node 20 or newer; this is 18\.20\.8.*$/m);
    expect(told).not.toContain('    at ');
  });

  it('is refused in Python, which checks nothing itself, with the words of TypeScript and its own names', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '203.0.113.1/32', ...onStack());
    const told = await saidWith('python', '__main__.py', (text) =>
      text
        .replace('"max_connections": 2000', '"max_connection": 2000')
        .replace('    emqx={\n', '    emqx={\n        "data_volume_gib": "8",\n'),
    );
    expect(told).toContain('MqttPlatform mqtt: 2 problems in its arguments');
    expect(told).toContain(
      'listeners.mqtts.max_connection: is no known setting; did you mean max_connections?',
    );
    expect(told).toContain('emqx.data_volume_gib: is "8"; a whole number is allowed');
  });
});

it('a platform from its parts is previewed in YAML: what one part tells, another takes', async () => {
  const parts = join(repositoryRoot, 'examples', 'parts');
  const own = ['--stack', 'lab', '--config-file', join(stacks.folder, 'Pulumi.parts.yaml')];
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
