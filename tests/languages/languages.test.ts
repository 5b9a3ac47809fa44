import { copyFileSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../../lab/process';
import { repositoryRoot } from '../../proving/product';
import { snakeCase } from '../../provider/spelling';
import { Stacks } from '../../proving/region/stacks';

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

/** An example with a file of it changed, whose provider is still this checkout's. */
async function changedCopy(
  language: string,
  file: string,
  change: (text: string) => string,
): Promise<string> {
  const copy = join(stacks.folder, `wrong-${language}`);
  await cp(example(language), copy, { recursive: true });
  const rewrite = (name: string, how: (text: string) => string) =>
    writeFile(join(copy, name), how(readFileSync(join(copy, name), 'utf8')));
  await rewrite(file, change);
  await rewrite('Pulumi.yaml', (text) => text.replace('../../../provider', join(repositoryRoot, 'provider')));
  return copy;
}

/** What a preview says, be it why it is refused. */
async function said(program: string): Promise<string> {
  return pulumi(program, 'preview', ...onStack()).then(
    (told) => told,
    (error: unknown) => String(error),
  );
}

const stackFile = () => join(stacks.folder, 'Pulumi.lab.yaml');
const onStack = () => ['--stack', 'lab', '--config-file', stackFile()];

/** Every resource by its URN, with its inputs; the ends of names that are drawn anew at each preview are left out. */
async function previewed(language: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await pulumi(example(language), 'preview', '--json', ...onStack());
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
    inYaml = await previewed('yaml');
    const instances = Object.keys(inYaml).filter((urn) => urn.includes('aws:ec2/instance:Instance::'));
    expect(instances).toHaveLength(5);
  });

  it('is the same, to the last input, in TypeScript without the provider', async () => {
    expect(await previewed('typescript')).toEqual(inYaml);
  });

  it('is the same in Python, with the SDK that is made from the schema', async () => {
    const sdks = join(stacks.folder, 'sdks');
    await run('npm', ['run', '--silent', 'sdks', '--', sdks], { cwd: repositoryRoot });
    const venv = join(stacks.folder, 'venv');
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
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '0.0.0.0/0', ...onStack());
    await expect(pulumi(example('yaml'), 'preview', ...onStack())).rejects.toThrow(
      /MqttPlatform mqtt: 1 problem in its arguments\n\s+ssh\.allowedCidrs\[0\]: is 0\.0\.0\.0\/0, the whole internet/,
    );
  });

  it('is refused in YAML, by its own check against the schema, where a type is wrong or a name unknown', async () => {
    const wrong = await changedCopy('yaml', 'Pulumi.yaml', (text) =>
      text
        .replace('maxConnections: 2000', 'maxConnection: 2000')
        .replace('      emqx:\n', "      emqx:\n        dataVolumeGib: '8'\n"),
    );
    const told = await said(wrong);
    expect(told).toContain("dataVolumeGib: Cannot assign type 'string' to type 'integer'");
    expect(told).toContain('Existing properties are: maxConnections');
  });

  it('is told by Pulumi, in one line, where the SDK is of a later version than the provider', async () => {
    const later = await changedCopy('python', '__main__.py', (text) =>
      text.replace('    "mqtt",\n', '    "mqtt",\n    opts=pulumi.ResourceOptions(version="9.9.9"),\n'),
    );
    expect(await said(later)).toMatch(
      /resource plugin emqx-haproxy is expected to have version >=9\.9\.9, but has \d+\.\d+\.\d+/,
    );
  });

  it('is refused in Python, which checks nothing itself, with the words of TypeScript and its own names', async () => {
    await pulumi(example('yaml'), 'config', 'set', 'sshCidr', '203.0.113.1/32', ...onStack());
    const wrong = await changedCopy('python', '__main__.py', (text) =>
      text
        .replace('"max_connections": 2000', '"max_connection": 2000')
        .replace('    emqx={\n', '    emqx={\n        "data_volume_gib": "8",\n'),
    );
    const told = await said(wrong);
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
