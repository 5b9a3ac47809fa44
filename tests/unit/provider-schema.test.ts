import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outdatedFiles } from '../../infra/docs';
import { derivedFiles } from '../../provider/docs';
import { withExamples } from '../../provider/examples';
import type { PackageProperty, PackageSchema, PackageValue } from '../../provider/packageSchema';
import { spokenSchema } from '../../provider/spoken';
import { repositoryRoot } from '../../proving/product';

const read = (path: string): unknown => JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'));
// Written by provider/docs.ts; the first test holds it to what that writes now.
const schema = read('provider/schema.json') as PackageSchema;
const objects = Object.entries(schema.types).flatMap(([token, type]) =>
  'properties' in type ? [[token, type] as const] : [],
);
const typeNamed = (name: string) => schema.types[`emqx-haproxy:index:${name}`];
const propertyOf = (name: string, property: string) => {
  const type = typeNamed(name);
  return type !== undefined && 'properties' in type ? type.properties[property] : undefined;
};

describe('the package schema', () => {
  it('is what the arguments and outputs say now', () => {
    expect(outdatedFiles(derivedFiles())).toEqual([]);
  }, 60_000);

  it('describes every component, every type of objects and every property', () => {
    const silent: string[] = [];
    const look = (place: string, properties: Readonly<Record<string, PackageProperty>>) => {
      for (const [name, { description }] of Object.entries(properties))
        if (description.trim() === '') silent.push(`${place}.${name}`);
    };
    for (const [token, type] of objects) {
      if ((type.description ?? '').trim() === '') silent.push(token);
      look(token, type.properties);
    }
    for (const [token, component] of Object.entries(schema.resources)) {
      if (component.description.trim() === '') silent.push(token);
      look(token, component.inputProperties);
      look(token, component.properties);
    }
    expect(silent).toEqual([]);
  });

  it('refers to no type that it does not tell, and tells none that nothing refers to', () => {
    const referred = new Set<string>();
    const look = ({ $ref, items, additionalProperties }: PackageValue) => {
      // Others, such as Any, are Pulumi's own.
      if ($ref?.startsWith('#/types/') === true) referred.add($ref.replace('#/types/', ''));
      if (items !== undefined) look(items);
      if (additionalProperties !== undefined) look(additionalProperties);
    };
    for (const [, type] of objects) Object.values(type.properties).forEach(look);
    for (const { inputProperties, properties } of Object.values(schema.resources))
      [...Object.values(inputProperties), ...Object.values(properties)].forEach(look);
    expect([...referred].toSorted()).toEqual(Object.keys(schema.types).toSorted());
  });

  it('has whole numbers, enums, secrets, and what may be known later', () => {
    expect(propertyOf('NewNetwork', 'zoneCount')).toMatchObject({ type: 'integer', plain: true });
    expect(propertyOf('NewNetwork', 'nat')).toMatchObject({
      $ref: '#/types/emqx-haproxy:index:NewNetworkNat',
    });
    expect(typeNamed('NewNetworkNat')).toEqual({
      type: 'string',
      enum: [
        { name: 'Single', value: 'single' },
        { name: 'PerZone', value: 'perZone' },
      ],
    });
    const key = propertyOf('GivenCertificate', 'privateKey');
    expect(key).toMatchObject({ type: 'string', secret: true });
    expect(key).not.toHaveProperty('plain');
  });

  it('tells a default in words', () => {
    expect(propertyOf('NewNetwork', 'nat')?.description).toMatch(/ Defaults to "single"\.$/);
    expect(propertyOf('GeneratedCertificates', 'dnsNames')?.description).toMatch(/ Default: none\.$/);
  });

  it('has an object with a member for each form in the place of a union', () => {
    expect(propertyOf('EmqxBrokers', 'count')).toMatchObject({ type: 'integer' });
    expect(propertyOf('EmqxBrokers', 'named')).toMatchObject({
      additionalProperties: { $ref: '#/types/emqx-haproxy:index:Broker' },
    });
    expect(propertyOf('SshVia', 'jumpHost')).toMatchObject({ $ref: '#/types/emqx-haproxy:index:JumpHost' });
  });

  it('refuses a union where nothing could name its forms', () => {
    const union = { anyOf: [{ type: 'string' as const }, { type: 'integer' as const }] };
    const holding = (property: object) =>
      spokenSchema({
        $schema: '',
        $comment: '',
        $ref: '#/$defs/RootArgs',
        $defs: {
          RootArgs: {
            type: 'object',
            description: 'A root.',
            properties: { list: { description: 'A list.', type: 'array', items: union, ...property } },
            required: [],
            additionalProperties: false,
          },
        },
      });
    expect(() => holding({})).toThrow('RootArgs.list has a union within a list or a map, which has no name');
  });
});

it('a page shows an example as its file says it', () => {
  const page = (shown: string) =>
    `Text.\n\n<!-- example: a/b.yaml -->\n\n\`\`\`yaml\n${shown}\`\`\`\n\nMore.\n`;
  expect(withExamples(page('old: 1\n'), (path) => `# ${path}\nnew: 2\n`)).toBe(page('# a/b.yaml\nnew: 2\n'));
});

describe('the provider’s own package', () => {
  const manifest = z.object({
    version: z.string(),
    description: z.string(),
    license: z.string(),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()).default({}),
  });

  it('has the version of the components and the versions of packages that they are tested with', () => {
    const own = manifest.parse(read('provider/package.json'));
    const root = manifest.parse(read('package.json'));
    expect(own.version).toBe(root.version);
    const tested: Record<string, string> = { ...root.devDependencies, ...root.dependencies };
    const shared = Object.keys(own.dependencies).filter((name) => name !== 'esbuild');
    expect(shared.map((name) => [name, own.dependencies[name]])).toEqual(
      shared.map((name) => [name, tested[name]]),
    );
  });
});
