import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { repositoryRoot } from '../../proving/product';
import { costLine, readmeOf } from '../unit/exampleReadme';
import { run } from '../../lab/process';

/** The package as npm packs it, in an empty folder with nothing of the repository in reach. */
const folder = mkdtempSync(join(tmpdir(), 'emqx-haproxy-consumer-'));
const manifest = z
  .object({
    version: z.string(),
    peerDependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')));
const example = join(repositoryRoot, 'examples', 'existing-vpc');
const exampleManifest = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(example, 'package.json'), 'utf8')));
const awsx = `@pulumi/awsx@${exampleManifest.dependencies['@pulumi/awsx'] ?? 'latest'}`;
const existingVpc = z.looseObject({
  resources: z.array(z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()) })),
});
let packed: readonly string[] = [];

/** Type-checks and runs a program of the folder; the last line that it prints, as JSON. */
async function ran(program: string): Promise<unknown> {
  const options = '--strict --skipLibCheck --module node16 --moduleResolution node16 --target es2023'.split(
    ' ',
  );
  await run('npx', ['tsc', ...options, `${program}.ts`], { cwd: folder });
  // What the package says of EMQX's release comes first.
  const said = (await run(process.execPath, [`${program}.js`], { cwd: folder })).trim().split('\n');
  return JSON.parse(said.at(-1) ?? '');
}

beforeAll(async () => {
  const listing = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: repositoryRoot });
  const [entry] = z
    .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
    .parse(JSON.parse(listing.slice(listing.indexOf('[\n'))));
  packed = entry?.files.map(({ path }) => path) ?? [];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  // The peers at the versions that the repository itself is tested with.
  const beside = [...Object.keys(manifest.peerDependencies), 'typescript', '@types/node'].map(
    (name) => `${name}@${manifest.devDependencies[name] ?? 'latest'}`,
  );
  await run(
    'npm',
    ['install', '--prefer-offline', '--ignore-scripts', `./${entry?.filename ?? ''}`, ...beside, awsx],
    { cwd: folder },
  );
  cpSync(join(__dirname, 'consumer'), folder, { recursive: true });
  cpSync(example, join(folder, 'example'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds the components, templates and host programs, and no tests', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'dist/components/index.js',
        'arguments/arguments.schema.json',
        'templates/balancer/haproxy.cfg.mustache',
        'host/balancer/vip_agent.py',
        'deployer/leave.js',
        'LICENSE',
      ]),
    );
    expect(packed.filter((path) => /test|lab|bench|verify|proving/.test(path))).toEqual([]);
  });

  it('brings nothing of what the lab and the tests are made of', () => {
    const installed = (name: string) => existsSync(join(folder, 'node_modules', name));
    expect(installed('mustache')).toBe(true);
    expect(['local-ec2', '@aws-sdk/client-ec2', 'mqtt', 'zod', 'tsx'].filter(installed)).toEqual([]);
  });

  it('type-checks and composes with Outputs and an explicit provider, which every resource and lookup uses', async () => {
    const composed = z
      .object({
        endpoints: z.record(z.string(), z.string()),
        providers: z.array(z.string()),
        types: z.number(),
      })
      .parse(await ran('compose'));
    expect(composed.endpoints).toEqual({ mqtts: 'mqtts://198.51.100.10:8883' });
    expect(composed.providers).toHaveLength(1);
    expect(composed.providers[0]).toContain('::west::');
    expect(composed.types).toBeGreaterThan(20);
  });

  it('is what the example of a VPC by awsx takes, whose subnets its hosts are in, and no network is made', async () => {
    const { resources, ...made } = existingVpc.parse(await ran('existingVpc'));
    expect(made).toEqual({
      endpoints: { mqtts: 'mqtts://198.51.100.10:8883' },
      interfaces: [
        'subnet-private-a',
        'subnet-private-a',
        'subnet-private-b',
        'subnet-public-a',
        'subnet-public-b',
      ],
      networks: 0,
    });
    expect(readmeOf('existing-vpc')).toContain(costLine(resources));
  });
});
