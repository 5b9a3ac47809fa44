import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceSettings } from '../../proving/identities';
import { repositoryRoot } from '../../proving/product';
import { Stacks } from '../../proving/region/stacks';
import { existingVpc } from '../lab/examples/existingVpc';

/** `minimal` and `parts` are in languages.test.ts; `on-aws` needs what the lab has not. */
const folderOf = (example: string) => join(repositoryRoot, 'examples', example);
const steps = z.object({ steps: z.array(z.object({ op: z.string(), urn: z.string() })) });

let stacks: Stacks;
let configuration: Readonly<Record<string, string>>;

beforeAll(async () => {
  stacks = await Stacks.open();
  configuration = {
    sshCidr: '203.0.113.1/32',
    ...(await deviceSettings()),
  };
});
afterAll(async () => stacks.close());

/** A stack of an example, whose settings lie outside the checkout. */
async function stackOf(
  example: string,
  stack: string,
  settings: Readonly<Record<string, string>>,
  folder = folderOf(example),
) {
  const file = join(stacks.folder, `${example.replaceAll('/', '-')}.${stack}.yaml`);
  const config = Object.entries(settings).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  const settingsFile = join(folder, `Pulumi.${stack}.yaml`);
  const isThere = existsSync(settingsFile);
  await stacks.pulumi(folder, 'stack', 'init', stack);
  if (!isThere) rmSync(settingsFile);
  writeFileSync(file, `config:\n  aws:region: eu-central-1\n${config.join('')}`);
  return (...args: string[]) => stacks.pulumi(folder, ...args, '--stack', stack, '--config-file', file);
}

interface Expected {
  readonly example: string;
  readonly project: string;
  readonly stack?: string;
  /** Where it is, when not in examples/. */
  readonly folder?: () => string;
  /** What it asks for of the configuration above. */
  readonly settings: readonly string[];
  readonly hosts: readonly string[];
  /** What is its own among the resources, as TYPE::NAME. */
  readonly makes: string;
}

const hostsOf = (platform: string) =>
  ['emqx-1', 'emqx-2', 'emqx-3', 'haproxy-1', 'haproxy-2'].map((host) => `${platform}-${host}`);

const previewed: readonly Expected[] = [
  {
    example: 'users-and-rules',
    project: 'mqtt-users-and-rules',
    settings: ['sshCidr'],
    hosts: hostsOf('mqtt'),
    makes: 'random:index/randomPassword:RandomPassword::mqtt-brokers-user-thermostat-1',
  },
  {
    example: 'mutual-tls',
    project: 'mqtt-mutual-tls',
    settings: ['sshCidr', 'deviceCa', 'deviceCrl', 'deviceSample'],
    hosts: hostsOf('mqtt'),
    makes: 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule::mqtt-balancers-8883-from-0-0-0-0-0',
  },
  {
    example: 'private-route',
    project: 'mqtt-private-route',
    settings: ['sshCidr'],
    hosts: hostsOf('mqtt'),
    makes: 'aws:ec2/route:Route::mqtt-vip-route-public',
  },
  {
    example: 'active-active',
    project: 'mqtt-active-active',
    settings: ['sshCidr'],
    hosts: [...hostsOf('blue'), ...hostsOf('green')],
    makes: 'aws:ec2/eip:Eip::green-vip-address',
  },
  {
    example: 'two-environments',
    project: 'mqtt-two-environments',
    stack: 'dev',
    settings: [],
    hosts: hostsOf('mqtt').filter((host) => !/emqx-[23]$/.test(host)),
    makes: 'aws:ec2/natGateway:NatGateway::mqtt-network-nat-1',
  },
  {
    example: 'existing-vpc',
    project: 'mqtt-existing-vpc',
    folder: existingVpc,
    settings: ['sshCidr'],
    hosts: hostsOf('mqtt'),
    makes: 'aws:ec2/natGateway:NatGateway::shared',
  },
];

describe('on the real engine, before an empty region,', () => {
  it.each(previewed)(
    '$example is previewed',
    async ({ example, project, stack = 'lab', folder, settings, ...expected }) => {
      const given = settings.map((key) => [`${project}:${key}`, configuration[key] ?? ''] as const);
      const pulumi = await stackOf(example, stack, Object.fromEntries(given), folder?.());
      const { steps: made } = steps.parse(JSON.parse(await pulumi('preview', '--json')));
      expect(new Set(made.map(({ op }) => op))).toEqual(new Set(['create']));
      const resources = made.map(({ urn }) => urn.replace(/^urn:pulumi:[^:]+::[^:]+::(?:.*\$)?/, ''));
      const instance = /^aws:ec2\/instance:Instance::(.+)-instance$/;
      const hosts = resources.flatMap((each) => instance.exec(each)?.[1] ?? []);
      expect(hosts.toSorted()).toEqual(expected.hosts);
      expect(resources).toContain(expected.makes);
    },
  );

  it('stack-reference is brought up beside the stack that it reads, and goes again', async () => {
    const outputs = {
      endpoints: { mqtts: 'mqtts://198.51.100.10:8883' },
      caCertificate: configuration['deviceCa'],
    };
    await stackOf('minimal/yaml', 'lab', {});
    const urn = 'urn:pulumi:lab::mqtt-minimal::pulumi:pulumi:Stack::mqtt-minimal-lab';
    const resources = [{ urn, custom: false, type: 'pulumi:pulumi:Stack', outputs }];
    const state = join(stacks.folder, 'minimal.json');
    writeFileSync(state, JSON.stringify({ version: 3, deployment: { manifest: {}, resources } }));
    await stacks.pulumi(folderOf('minimal/yaml'), 'stack', 'import', '--stack', 'lab', '--file', state);

    const shop = await stackOf('stack-reference', 'lab', {
      'shop:mqttStack': 'organization/mqtt-minimal/lab',
    });
    const told = async () => {
      const request = new GetParametersByPathCommand({ Path: '/shop', Recursive: true });
      const { Parameters = [] } = await stacks.region.runner.ssm().send(request);
      return Object.fromEntries(Parameters.map(({ Name = '', Value }) => [Name, Value]));
    };
    await shop('up', '--yes', '--skip-preview');
    expect(await told()).toEqual({
      '/shop/mqtt/url': 'mqtts://198.51.100.10:8883',
      '/shop/mqtt/ca': outputs.caCertificate,
    });
    await shop('destroy', '--yes', '--skip-preview');
    expect(await told()).toEqual({});
  });
});
