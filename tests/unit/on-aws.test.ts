import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import type { ResourceGraph } from './resourceGraph';
import { graphOf } from './resourceGraph';

/** What EC2 and its provider ask of the order and the options of resources. */

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const eip = 'aws:ec2/eip:Eip';
const instance = 'aws:ec2/instance:Instance';
const networkInterface = 'aws:ec2/networkInterface:NetworkInterface';
const subnet = 'aws:ec2/subnet:Subnet';

const modes: Readonly<Record<string, MqttPlatformArgs>> = {
  elasticIp: { ssh },
  'privateIp with a public address': {
    ssh,
    network: { balancerZoneCount: 1 },
    virtualIp: { mode: 'privateIp', publicAddress: true },
  },
};

describe.each(Object.entries(modes))('the virtual IP in mode %s', (_mode, args) => {
  it('is released only when the interfaces that may hold it are gone', async () => {
    const graph = await graphOf(() => new MqttPlatform('mqtt', args));
    for (const name of ['mqtt-haproxy-1-interface', 'mqtt-haproxy-2-interface'])
      expect(graph.optionsOf(networkInterface, name).dependsOn).toContain(`${eip} mqtt-vip-address`);
  });
});

describe('the platform', () => {
  let graph: ResourceGraph;
  beforeAll(async () => {
    graph = await graphOf(() => new MqttPlatform('mqtt', { ssh }));
  });

  it('associates no address before the gateway is attached', () => {
    const associated = graph.resources.filter(
      ({ type, inputs }) => type === eip && inputs['networkInterface'] !== undefined,
    );
    expect(associated).toHaveLength(2);
    for (const { name } of associated)
      expect([...graph.ancestorsOf(eip, name)]).toContain(
        'aws:ec2/internetGateway:InternetGateway mqtt-network-internet',
      );
  });

  it('leaves the source/destination check to the interface, whose it is', () => {
    for (const name of graph.namesOf(instance))
      expect(graph.optionsOf(instance, name).ignoreChanges).toContain('sourceDestCheck');
  });

  it('keeps subnets and data where they are, whatever zones the region has by then', () => {
    for (const type of [subnet, 'aws:ebs/volume:Volume']) {
      expect(graph.namesOf(type)).not.toEqual([]);
      for (const name of graph.namesOf(type))
        expect(graph.optionsOf(type, name).ignoreChanges).toContain('availabilityZone');
    }
  });

  it('keeps each secret within what Secrets Manager takes, the programs of a role too', () => {
    const versions = graph.resources.filter(
      ({ type }) => type === 'aws:secretsmanager/secretVersion:SecretVersion',
    );
    const sizes = versions.map(({ inputs }) => Buffer.byteLength(String(inputs['secretString'])));
    expect(Math.max(...sizes)).toBeGreaterThan(20_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
  });

  it('tells no command the output of the run before, which sshd would refuse', () => {
    const commands = graph.resources.filter(({ type }) => type === 'command:remote:Command');
    expect(commands).not.toEqual([]);
    for (const { inputs } of commands) expect(inputs['addPreviousOutputInEnv']).toBe(false);
  });
});

describe('zones', () => {
  it('are asked for without those that an account opts in to', async () => {
    const graph = await graphOf(() => new MqttPlatform('mqtt', { ssh }));
    expect(graph.calls.find(({ token }) => token.endsWith('getAvailabilityZones'))?.inputs).toMatchObject({
      filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }],
    });
  });
});

describe('a partition', () => {
  it('is named in every ARN of a policy', async () => {
    const answers = { 'aws:index/getPartition:getPartition': { partition: 'aws-cn' } };
    const graph = await graphOf(() => new MqttPlatform('mqtt', { ssh }), answers);
    const { inputs } = graph.one('aws:iam/rolePolicy:RolePolicy', 'mqtt-haproxy-1-policy');
    const arns = String(inputs['policy']).match(/arn:[a-z-]+:ec2/g) ?? [];
    expect(arns).not.toEqual([]);
    expect(new Set(arns)).toEqual(new Set(['arn:aws-cn:ec2']));
  });
});
