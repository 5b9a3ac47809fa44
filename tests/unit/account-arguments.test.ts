import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import type { ResourceGraph } from './resourceGraph';
import { graphOf } from './resourceGraph';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';
const permissionsBoundaryArn = 'arn:aws:iam::123456789012:policy/boundary';
const instance = 'aws:ec2/instance:Instance';
const egressRule = 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule';

const made = (args: Partial<MqttPlatformArgs>) =>
  graphOf(() => {
    new MqttPlatform('mqtt', { ssh, emqx: { brokers: 1 }, ...args });
  });

const problemsOf = (args: Partial<MqttPlatformArgs>) =>
  checkMqttPlatformArgs('mqtt', { ssh, ...args }).map(({ path, reason }) => `${path}: ${reason}`);

const inputsOf = (graph: ResourceGraph, type: string) =>
  graph.resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);

/** Where hosts of one kind may go, as `PROTOCOL PORTS RANGE`. */
const waysOut = (graph: ResourceGraph, role: 'balancers' | 'brokers') =>
  graph.resources
    .filter(({ type, name }) => type === egressRule && name.startsWith(`mqtt-${role}-`))
    .flatMap(({ inputs: { ipProtocol, fromPort, toPort, cidrIpv4 } }) =>
      cidrIpv4 === undefined
        ? []
        : [[ipProtocol, `${String(fromPort)}-${String(toPort)}`, cidrIpv4].join(' ')],
    )
    .toSorted();

describe('a KMS key', () => {
  it('is that of every volume and secret, and hosts may decrypt their secrets by it', async () => {
    const graph = await made({ kmsKeyArn });
    const keys = [
      ...inputsOf(graph, 'aws:ebs/volume:Volume'),
      ...inputsOf(graph, 'aws:secretsmanager/secret:Secret'),
      ...inputsOf(graph, instance).map(({ rootBlockDevice }) => rootBlockDevice as { kmsKeyId?: string }),
    ].map(({ kmsKeyId }) => kmsKeyId);
    expect(keys.length).toBeGreaterThan(8);
    expect(new Set(keys)).toEqual(new Set([kmsKeyArn]));
    for (const { policy } of inputsOf(graph, 'aws:iam/rolePolicy:RolePolicy'))
      expect((JSON.parse(String(policy)) as { Statement: unknown[] }).Statement).toContainEqual({
        Sid: 'ReadSecretsByKey',
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: [kmsKeyArn],
        Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*' } },
      });
  });

  it('that comes later replaces no disk, and so no data', async () => {
    const graph = await made({ kmsKeyArn });
    expect(graph.optionsOf('aws:ebs/volume:Volume', 'mqtt-emqx-1-data').ignoreChanges).toContain('kmsKeyId');
    expect(graph.optionsOf(instance, 'mqtt-emqx-1-instance').ignoreChanges).toContain(
      'rootBlockDevice.kmsKeyId',
    );
  });

  it('is named by its own ARN', () => {
    expect(problemsOf({ kmsKeyArn: 'alias/mqtt' })).toEqual([
      expect.stringMatching(/^kmsKeyArn: is "alias\/mqtt"; the ARN of a key, and not of an alias/),
    ]);
    expect(problemsOf({ kmsKeyArn: pulumi.output('later') })).toEqual([]);
  });
});

describe("what an account asks of hosts' roles", () => {
  it('is on every role', async () => {
    const graph = await made({ iam: { permissionsBoundaryArn, path: '/mqtt/' } });
    const roles = inputsOf(graph, 'aws:iam/role:Role');
    expect(roles).toHaveLength(3);
    for (const role of roles)
      expect(role).toMatchObject({ permissionsBoundary: permissionsBoundaryArn, path: '/mqtt/' });
    for (const profile of inputsOf(graph, 'aws:iam/instanceProfile:InstanceProfile'))
      expect(profile).toMatchObject({ path: '/mqtt/' });
  });

  it('is left out where nothing is asked, so that no role of a former release is made anew', async () => {
    const graph = await made({});
    for (const role of inputsOf(graph, 'aws:iam/role:Role')) {
      expect(role).not.toHaveProperty('path');
      expect(role).not.toHaveProperty('permissionsBoundary');
    }
  });

  it.each(['mqtt', '/mqtt', 'mqtt/', '/m q/'])('refuses the path %s', (path) => {
    expect(problemsOf({ iam: { path } })).toEqual([
      `iam.path: is "${path}"; a path such as /mqtt/ that begins and ends with /, is allowed`,
    ]);
  });

  it('refuses a boundary that is no policy', () => {
    expect(problemsOf({ iam: { permissionsBoundaryArn: 'boundary' } })[0]).toContain(
      'iam.permissionsBoundaryArn: is "boundary"; the ARN of a managed policy',
    );
  });
});

describe('an image of the user', () => {
  const imageId = 'ami-0123456789abcdef0';

  it('is what its role boots from, and the others from the public one', async () => {
    const graph = await made({ emqx: { brokers: 1, imageId } });
    expect(graph.one(instance, 'mqtt-emqx-1-instance').inputs['ami']).toBe(imageId);
    expect(graph.one(instance, 'mqtt-haproxy-1-instance').inputs['ami']).toContain('ami for /aws/service');
  });

  it('has the id of one', () => {
    expect(problemsOf({ haproxy: { imageId: 'debian' } })).toEqual([
      'haproxy.imageId: is "debian"; the id of an image such as ami-0123456789abcdef0 is allowed',
    ]);
  });
});

describe('openings', () => {
  it('are rules of the role that they are given to', async () => {
    const graph = await made({
      emqx: {
        brokers: 1,
        egressRules: [
          { port: 3306, cidr: '10.9.0.0/16' },
          { port: 9092, lastPort: 9094, cidr: '10.9.0.0/16' },
          { port: 53, protocol: 'udp', cidr: '10.9.0.2/32' },
          { port: 443, cidr: '0.0.0.0/0' },
        ],
      },
    });
    expect(waysOut(graph, 'brokers')).toEqual([
      'tcp 3306-3306 10.9.0.0/16',
      'tcp 443-443 0.0.0.0/0',
      'tcp 80-80 0.0.0.0/0',
      'tcp 9092-9094 10.9.0.0/16',
      'udp 53-53 10.9.0.2/32',
    ]);
    expect(waysOut(graph, 'balancers')).toEqual(['tcp 443-443 0.0.0.0/0', 'tcp 80-80 0.0.0.0/0']);
  });

  it('are refused with their place', () => {
    const egressRules = [{ port: -1, lastPort: 70_000, protocol: 'sctp' as 'tcp', cidr: '10.0.0.1/8' }];
    expect(problemsOf({ haproxy: { egressRules } })).toEqual([
      'haproxy.egressRules[0].cidr: is "10.0.0.1/8"; an IPv4 range such as 10.0.5.0/24 without host bits is allowed',
      'haproxy.egressRules[0].port: is -1; a whole number from 0 to 65535 is allowed',
      'haproxy.egressRules[0].lastPort: is 70000; a whole number from -1 to 65535 is allowed',
      'haproxy.egressRules[0].protocol: is "sctp"; tcp, udp are allowed',
    ]);
  });

  it('are further security groups on the interfaces too', async () => {
    const graph = await made({ haproxy: { furtherSecurityGroupIds: ['sg-audit'] } });
    const groups = (host: string) =>
      graph.one('aws:ec2/networkInterface:NetworkInterface', `mqtt-${host}-interface`).inputs[
        'securityGroups'
      ];
    expect(groups('haproxy-2')).toEqual(['mqtt-balancers-group-id', 'sg-audit']);
    expect(groups('emqx-1')).toEqual(['mqtt-brokers-group-id']);
  });
});

describe('a network without a way out', () => {
  const subnets = (first: number) => [{ subnetId: `subnet-${first}`, cidr: `10.1.${first}.0/24` }];
  const network = {
    vpcId: 'vpc-1',
    vpcCidr: '10.1.0.0/16',
    balancerSubnets: subnets(1),
    brokerSubnets: subnets(2),
    egress: 'endpoints' as const,
  };
  const inside = {
    network,
    virtualIp: { mode: 'privateIp' as const },
    ssh: { ...ssh, via: 'private' as const },
  };
  const imageId = 'ami-0123456789abcdef0';

  it('needs images that have the packages, but for balancers with addresses of their own', () => {
    expect(problemsOf(inside).map((problem) => problem.split(',')[0])).toEqual([
      'emqx.imageId: is missing',
      'haproxy.imageId: is missing',
    ]);
    expect(problemsOf({ network }).map((problem) => problem.split(':')[0])).toEqual(['emqx.imageId']);
  });

  it('has hosts that reach AWS in the VPC alone', async () => {
    const graph = await made({ ...inside, haproxy: { imageId }, emqx: { brokers: 1, imageId } });
    for (const role of ['balancers', 'brokers'] as const)
      expect(waysOut(graph, role)).toEqual(['tcp 443-443 10.1.0.0/16', 'tcp 80-80 10.1.0.0/16']);
  });
});

describe('volumes', () => {
  it('leave a snapshot where they are asked to, and say nothing of it otherwise', async () => {
    const data = async (emqx: object) =>
      (await made({ emqx: { brokers: 1, ...emqx } })).one('aws:ebs/volume:Volume', 'mqtt-emqx-1-data').inputs;
    expect(await data({ finalSnapshot: true })).toMatchObject({ finalSnapshot: true });
    expect(await data({})).not.toHaveProperty('finalSnapshot');
  });

  it('are tagged by the call that launches the instance where a policy demands it', async () => {
    const graph = await made({ haproxy: { tagVolumesAtLaunch: true }, tags: { Owner: 'iot' } });
    const { rootBlockDevice, volumeTags } = graph.one(instance, 'mqtt-haproxy-1-instance').inputs;
    expect(volumeTags).toMatchObject({ Owner: 'iot', Name: 'mqtt-haproxy-1' });
    expect(rootBlockDevice).not.toHaveProperty('tags');
    const broker = graph.one(instance, 'mqtt-emqx-1-instance').inputs;
    expect(broker).not.toHaveProperty('volumeTags');
    expect(broker['rootBlockDevice']).toMatchObject({ tags: { Owner: 'iot' } });
  });
});

describe('a VPC with several ranges', () => {
  const network = {
    vpcId: 'vpc-1',
    vpcCidr: '10.1.0.0/16',
    furtherVpcCidrs: ['100.64.0.0/16'],
    balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.1.1.0/24' }],
    brokerSubnets: [{ subnetId: 'subnet-2', cidr: '100.64.1.0/24' }],
    egress: 'nat' as const,
  };
  const routeTableIds = { main: 'rtb-1' };

  it('takes subnets of each, and is open to all of them where it is private', async () => {
    const virtualIp = { mode: 'route' as const, address: '10.255.0.1', routeTableIds };
    const graph = await made({ network, virtualIp, ssh: { ...ssh, via: 'private' } });
    const ranges = inputsOf(graph, 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule')
      .filter(({ fromPort }) => fromPort === 8883)
      .map(({ cidrIpv4 }) => cidrIpv4);
    expect(ranges).toEqual(['10.1.0.0/16', '100.64.0.0/16']);
  });

  it('refuses a subnet of none, and a virtual IP of any', () => {
    const foreign = [{ subnetId: 'subnet-1', cidr: '10.9.1.0/24' }];
    expect(problemsOf({ network: { ...network, balancerSubnets: foreign } })).toEqual([
      'network.balancerSubnets[0].cidr: is 10.9.1.0/24, which does not lie in network.vpcCidr 10.1.0.0/16 or 100.64.0.0/16; give a subnet of this VPC, or its further range in network.furtherVpcCidrs',
    ]);
    const virtualIp = { mode: 'route' as const, address: '100.64.9.9', routeTableIds };
    expect(problemsOf({ network, virtualIp })[0]).toContain(
      "virtualIp.address: is 100.64.9.9, which lies in the VPC's range 10.1.0.0/16 and 100.64.0.0/16",
    );
  });
});
