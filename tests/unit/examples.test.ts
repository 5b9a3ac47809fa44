import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, runtime } from '@pulumi/pulumi';
import type { Inputs } from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PackageProvider } from '../../provider/provider';
import { repositoryRoot } from '../../proving/product';
import { deviceSettings } from '../../proving/identities';
import { costLine, readmeOf } from './exampleReadme';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, valueOf } from './resourceGraph';

const folder = join(repositoryRoot, 'examples');
const resource = z.object({ type: z.string(), properties: z.record(z.string(), z.unknown()).default({}) });
const program = z.object({
  name: z.string(),
  packages: z.record(z.string(), z.string()),
  resources: z.record(z.string(), resource),
  variables: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.string()),
});
type Program = z.infer<typeof program>;
const ofPackage = (type: string) => type.startsWith('emqx-haproxy:');

/** The YAML programs that make components of this package, by their folders. */
const examples = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|\/)Pulumi\.yaml$/.test(path))
  .flatMap((path) => {
    const parsed = program.safeParse(parse(readFileSync(join(folder, path), 'utf8'))).data;
    return parsed === undefined ? [] : [{ path, ...parsed }];
  });

let configuration: Readonly<Record<string, string>>;
beforeAll(async () => {
  configuration = {
    sshCidr: '198.51.100.7/32',
    ...(await deviceSettings()),
    keyName: 'mqtt',
    loginKey: 'a login key',
  };
});

/** What the YAML host makes of a value: `${name.of[0].it}` is what `known` has there, `$${` is `${`. */
function evaluated(value: unknown, known: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') {
    const reference = /^\$\{([^}]+)\}$/.exec(value)?.[1];
    return reference === undefined ? value.replaceAll('$${', '${') : valueAt(reference, known);
  }
  if (Array.isArray(value)) return value.map((each) => evaluated(each, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, evaluated(each, known)]));
}

function valueAt(reference: string, known: Readonly<Record<string, unknown>>): unknown {
  return (reference.match(/[^.[\]]+/g) ?? []).reduce<unknown>((holder, key) => {
    const found: unknown = Object.entries(holder ?? {}).find(([name]) => name === key)?.[1];
    if (found === undefined) throw new Error(`${reference} is nothing that the program has`);
    return found;
  }, known);
}

/** What a program makes, and what each of its components tells. */
async function madeBy({ resources, variables }: Program) {
  let told: Readonly<Record<string, object>> = {};
  const provider = new PackageProvider();
  const graph = await graphOf(async () => {
    for (const [key, { type, properties }] of Object.entries(resources)) {
      const inputs = evaluated(properties, { ...configuration, ...variables, ...told });
      const token = type.replace(':', ':index:');
      const { state } = await provider.construct(key, token, inputs as Inputs, {});
      told = { ...told, [key]: state };
    }
  });
  return { graph, told };
}

describe.each(examples)('the example $path', ({ path, ...program }) => {
  const { name, packages, resources, outputs } = program;
  let graph: ResourceGraph;
  let told: Readonly<Record<string, object>>;
  beforeAll(async () => {
    ({ graph, told } = await madeBy(program));
  }, 60_000);

  it('makes a platform of this package with the arguments that it gives', () => {
    expect(Object.keys(packages)).toEqual(['emqx-haproxy']);
    expect(Object.values(resources).every(({ type }) => ofPackage(type))).toBe(true);
    expect(graph.namesOf('emqx-haproxy:index:HaproxyPair')).toHaveLength(1);
    expect(name).toMatch(/^mqtt-/);
  });

  it('costs what its README says', () => {
    const [scenario = ''] = path.split('/');
    expect(readmeOf(scenario)).toContain(costLine(graph.resources));
  });

  it('puts out what its components tell', () => {
    for (const reference of Object.values(outputs)) {
      const [, key = '', output = ''] = /^\$\{(\w+)\.(\w+)\}$/.exec(reference) ?? [];
      expect(Object.keys(told[key] ?? {})).toContain(output);
    }
  });
});

describe('the example stack-reference', () => {
  it('puts what the minimal example tells where its own instances read it', async () => {
    const minimal = examples.find(({ path }) => path === 'minimal/yaml/Pulumi.yaml');
    if (minimal === undefined) throw new Error('there is no minimal example');
    const { told } = await madeBy(minimal);
    const outputs = await valueOf(output(evaluated(minimal.outputs, told)));
    const graph = await graphOf(
      async () => {
        runtime.setAllConfig({ 'emqx-haproxy:mqttStack': 'shop/mqtt-minimal/prod' });
        await import('../../examples/stack-reference/index.js');
      },
      { 'pulumi:pulumi:StackReference': { outputs, secretOutputNames: ['users'] } },
    );
    runtime.setAllConfig({});
    const parameter = (name: string) => graph.one('aws:ssm/parameter:Parameter', name).inputs;
    expect(parameter('url')).toMatchObject({
      name: '/shop/mqtt/url',
      value: 'mqtts://198.51.100.10:8883',
    });
    expect(parameter('ca')['name']).toBe('/shop/mqtt/ca');
    expect(parameter('ca')['value']).toContain('BEGIN CERTIFICATE');
  });
});

it('examples are listed in their README', () => {
  const listed = readFileSync(join(folder, 'README.md'), 'utf8');
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) expect(listed).toContain(`[${name}](${name})`);
});
