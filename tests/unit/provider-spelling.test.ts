import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PackageSchema } from '../../provider/packageSchema';
import { PackageProvider } from '../../provider/provider';
import { spellingIn } from '../../provider/spelling';
import { repositoryRoot } from '../../proving/product';
import { refused } from './servedComponents';

const folder = mkdtempSync(join(tmpdir(), 'spelling-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A provider that the engine starts for a program with this Pulumi.yaml. */
function providerFor(pulumiYaml: string): PackageProvider {
  writeFileSync(join(folder, 'Pulumi.yaml'), pulumiYaml);
  return new PackageProvider(spellingIn(folder));
}

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
/** As the engine hands it on: SDKs have brought the names that they know into the schema's spelling. */
const misshapen = {
  ssh: { ...ssh, via: {} },
  listeners: { my_mqtts: { max_connection: 2000 } },
  emqx: { dataVolumeGib: '8' },
};
const outOfBounds = {
  ssh,
  network: { newNetwork: { zoneCount: 9 } },
  emqx: { brokers: { named: { 'emqx-1': { weight: 999 } } } },
};

describe('what is wrong is told by the names that a program writes', () => {
  it('in Python', async () => {
    const python = providerFor('name: mqtt\nruntime: python\n');
    expect(await refused('MqttPlatform', misshapen, python)).toBe(
      [
        'MqttPlatform mqtt: 3 problems in its arguments',
        '  listeners.my_mqtts.max_connection: is no known setting; did you mean max_connections?',
        '  emqx.data_volume_gib: is "8"; a whole number is allowed',
        '  ssh.via: is empty; give exactly one of choice, jump_host',
      ].join('\n'),
    );
    const bounds = await refused('MqttPlatform', outOfBounds, python);
    expect(bounds).toContain('  network.new_network.zone_count: is 9;');
    expect(bounds).toContain('  emqx.brokers.named.emqx-1.weight: is 999;');
  });

  it.each(['go', 'dotnet'])('in a language of the runtime %s', async (runtime) => {
    const typed = providerFor(`name: mqtt\nruntime:\n  name: ${runtime}\n`);
    const message = await refused('MqttPlatform', outOfBounds, typed);
    expect(message).toContain('  Network.NewNetwork.ZoneCount: is 9;');
    expect(message).toContain('  Emqx.Brokers.Named.emqx-1.Weight: is 999;');
  });

  it.each(['yaml', 'java', 'nodejs'])('in %s, as the schema has them', async (runtime) => {
    const message = await refused('MqttPlatform', outOfBounds, providerFor(`runtime: ${runtime}\n`));
    expect(message).toContain('  network.newNetwork.zoneCount: is 9;');
  });
});

describe('the language of a program', () => {
  it('is told by the Pulumi.yaml of the nearest folder that has one', () => {
    const program = (name: string) => join(repositoryRoot, 'examples', 'minimal', name);
    expect(spellingIn(program('python'))('zoneCount')).toBe('zone_count');
    expect(spellingIn(program('go'))('zoneCount')).toBe('ZoneCount');
    expect(spellingIn(program('yaml'))('zoneCount')).toBe('zoneCount');
    writeFileSync(join(folder, 'Pulumi.yaml'), 'runtime: {name: "python", options: {virtualenv: venv}}\n');
    mkdirSync(join(folder, 'source', 'deep'), { recursive: true });
    expect(spellingIn(join(folder, 'source', 'deep'))('zoneCount')).toBe('zone_count');
  });

  it('is nothing that a provider without a program fails at', () => {
    expect(spellingIn('/')('zoneCount')).toBe('zoneCount');
  });
});

it('Python has names of its own for what are its words', () => {
  const python = spellingIn(join(repositoryRoot, 'examples', 'minimal', 'python'));
  expect(['from', 'dataVolumeGib', 'tls'].map(python)).toEqual(['from_', 'data_volume_gib', 'tls']);
});

it('no name has two capitals side by side, of which Python and C# would make other names', () => {
  const schema = JSON.parse(
    readFileSync(join(repositoryRoot, 'provider', 'schema.json'), 'utf8'),
  ) as PackageSchema;
  const names = [
    ...Object.values(schema.resources).flatMap(({ inputProperties }) => Object.keys(inputProperties)),
    ...Object.values(schema.types).flatMap((type) =>
      'properties' in type ? Object.keys(type.properties) : [],
    ),
  ];
  expect(names.length).toBeGreaterThan(200);
  expect(names.filter((name) => !/^[a-z][a-z0-9]*([A-Z][a-z0-9]+)*$/.test(name))).toEqual([]);
});
