import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { applySet, confirmSet } from '../../components/host/applySet';
import type { MqttPlatformArgs } from '../../components';
import { changedFiles } from '../../preview/fileChanges';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, isSecret, refusalOf, valueOf } from './resourceGraph';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const small: MqttPlatformArgs = { ssh, emqx: { brokers: 3 }, listeners: { mqtt: {}, mqtts: {} } };
const command = 'command:remote:Command';
const instance = 'aws:ec2/instance:Instance';

let graph: ResourceGraph;
let platform: MqttPlatform;
beforeAll(async () => {
  graph = await graphOf(() => {
    platform = new MqttPlatform('mqtt', small);
  });
});

const policyOf = (name: string) =>
  JSON.parse(String(graph.one('aws:iam/rolePolicy:RolePolicy', name).inputs['policy'])) as {
    Statement: { Action: string[]; Resource: string[]; Condition?: unknown }[];
  };
const userDataOf = (name: string) =>
  gunzipSync(Buffer.from(String(graph.one(instance, name).inputs['userDataBase64']), 'base64')).toString();

describe('the platform', () => {
  it('is made of its five parts', () => {
    const own = graph.resources
      .filter(({ type }) => type.startsWith('emqx-haproxy:'))
      .map(({ type, name }) => `${type} ${name}`);
    expect(own.toSorted()).toEqual([
      'emqx-haproxy:index:Certificates mqtt-certificates',
      'emqx-haproxy:index:EmqxCluster mqtt-brokers',
      'emqx-haproxy:index:HaproxyPair mqtt-balancers',
      'emqx-haproxy:index:Host mqtt-emqx-1',
      'emqx-haproxy:index:Host mqtt-emqx-2',
      'emqx-haproxy:index:Host mqtt-emqx-3',
      'emqx-haproxy:index:Host mqtt-haproxy-1',
      'emqx-haproxy:index:Host mqtt-haproxy-2',
      'emqx-haproxy:index:MqttPlatform mqtt',
      'emqx-haproxy:index:Network mqtt-network',
      'emqx-haproxy:index:VirtualIp mqtt-vip',
    ]);
  });

  it('tells where clients connect', async () => {
    expect(await valueOf(platform.endpoints)).toEqual({
      mqtt: 'mqtt://198.51.100.10:1883',
      mqtts: 'mqtts://198.51.100.10:8883',
    });
  });

  it('keeps generated passwords and keys secret', async () => {
    for (const output of [
      platform.pair.statsPassword,
      platform.cluster.dashboardPassword,
      platform.cluster.cookie,
      platform.sshPrivateKey,
    ])
      expect(await isSecret(output)).toBe(true);
  });

  it('tells everything that is wrong with every part at once', async () => {
    const make = () =>
      new MqttPlatform('mqtt', {
        network: { cidr: '10.20.0.0/28' },
        emqx: { brokers: 0 },
        haproxy: { keepalived: { routerId: 0 } },
        listeners: { mqtt: {}, mqtts: { port: 1883 } },
        ssh: { allowedCidrs: ['0.0.0.0/0'] },
      });
    expect(await refusalOf(make)).toBe(
      [
        'MqttPlatform mqtt: 5 problems in its arguments',
        '  network.cidr: is "10.20.0.0/28"; an IPv4 range from /16 to /22 without host bits, such as 10.20.0.0/16, is allowed',
        '  emqx.brokers: is 0; a whole number from 1 to 28 brokers is allowed',
        '  haproxy.keepalived.routerId: is 0; a whole number from 1 to 255 is allowed',
        '  listeners.mqtts.port: is 1883, which listeners.mqtt uses already; give each its own port',
        '  ssh.allowedCidrs[0]: is 0.0.0.0/0, the whole internet; give the range that `pulumi up` runs from, such as 198.51.100.7/32',
      ].join('\n'),
    );
  });
});

describe('every host', () => {
  it('demands IMDSv2, encrypts its disk and boots on an interface made before it', () => {
    for (const name of graph.namesOf(instance)) {
      const { inputs } = graph.one(instance, name);
      expect(inputs).toMatchObject({
        ami: 'ami for /aws/service/debian/release/13/latest/amd64',
        metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
        rootBlockDevice: { encrypted: true },
        primaryNetworkInterface: { networkInterfaceId: `${name.replace('-instance', '')}-interface-id` },
      });
    }
  });

  it('carries no secret in its user data', () => {
    for (const name of graph.namesOf(instance)) {
      const text = userDataOf(name);
      for (const secret of ['cookie-value', 'password-value', 'ticket-master-value', 'pkcs8', 'openssh'])
        expect(text).not.toContain(secret);
    }
  });

  it('may read its own secrets and nothing else of Secrets Manager', () => {
    expect(policyOf('mqtt-emqx-1-policy').Statement).toEqual([
      {
        Sid: 'ReadOwnSecrets',
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: [
          'arn:aws:mock:eu-central-1:123456789012:mqtt-emqx-1-ssh-id',
          'arn:aws:mock:eu-central-1:123456789012:mqtt-brokers-secrets-id',
          'arn:aws:mock:eu-central-1:123456789012:mqtt-brokers-programs-id',
        ],
      },
    ]);
  });

  it('uses what its disks have grown by, without a restart', () => {
    const disks = graph.one(command, 'mqtt-emqx-1-disks').inputs;
    expect(disks).toMatchObject({ triggers: ['mqtt-emqx-1-instance-id', 8, 8] });
    expect(disks['create']).toContain('resize2fs');
    expect(graph.one(command, 'mqtt-haproxy-1-disks').inputs['triggers']).toEqual([
      'mqtt-haproxy-1-instance-id',
      8,
      0,
    ]);
  });

  it('gets later changes over SSH with its host key pinned', () => {
    const files = graph.one(command, 'mqtt-haproxy-1-files').inputs;
    expect(files).toMatchObject({
      connection: { host: '198.51.100.10', user: 'admin', hostKey: 'ssh-ed25519 mqtt-haproxy-1-host-key' },
      create: applySet,
      triggers: ['mqtt-haproxy-1-instance-id', 1],
    });
    expect(graph.one(command, 'mqtt-haproxy-1-files').secretInputs).toEqual(['connection']);
    const sha256 = createHash('sha256')
      .update(String(files['stdin']).replace(/=== end\n$/, ''))
      .digest('hex');
    expect(graph.one(command, 'mqtt-haproxy-1-confirmed').inputs).toMatchObject({
      create: confirmSet('haproxy-1', sha256),
      triggers: expect.arrayContaining([sha256]) as unknown,
    });
    expect(String(files['stdin'])).toContain('=== /etc/haproxy/haproxy.cfg ');
  });
});

describe('a balancer', () => {
  it('has its planned address, a second one for the VIP, and an Elastic IP of its own on the first', () => {
    expect(
      graph.one('aws:ec2/networkInterface:NetworkInterface', 'mqtt-haproxy-2-interface').inputs,
    ).toMatchObject({
      privateIpLists: ['10.20.1.33', '10.20.1.35'],
      privateIpListEnabled: true,
    });
    expect(graph.one('aws:ec2/eip:Eip', 'mqtt-haproxy-2-address').inputs).toMatchObject({
      associateWithPrivateIp: '10.20.1.33',
    });
  });

  it('may move this Elastic IP to the pair and nothing else', () => {
    const [, move, target] = policyOf('mqtt-haproxy-1-policy').Statement;
    expect(move).toMatchObject({
      Action: ['ec2:AssociateAddress'],
      Resource: ['arn:aws:ec2:*:*:elastic-ip/mqtt-vip-address-id'],
    });
    expect(target).toMatchObject({
      Condition: {
        StringEquals: {
          'aws:ResourceTag/emqx-haproxy:platform': 'mqtt',
          'aws:ResourceTag/emqx-haproxy:role': 'virtual-ip',
          'aws:ResourceTag/emqx-haproxy:stack': 'emqx-haproxy/unit',
        },
      },
    });
  });

  it('lets nothing in but listeners, SSH, and its peer', () => {
    const rules = graph
      .namesOf('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule')
      .filter((name) => name.startsWith('mqtt-balancers-'));
    expect(rules.toSorted()).toEqual([
      'mqtt-balancers-10000-from-balancers',
      'mqtt-balancers-1883-from-0-0-0-0-0',
      'mqtt-balancers-22-from-203-0-113-0-24',
      'mqtt-balancers-8883-from-0-0-0-0-0',
      'mqtt-balancers-protocol-112-from-balancers',
    ]);
  });
});

describe('a broker', () => {
  it('has no public address, and a data volume that outlives its instance', () => {
    expect(graph.namesOf('aws:ec2/eip:Eip')).not.toContain('mqtt-emqx-1-address');
    expect(graph.one('aws:ebs/volume:Volume', 'mqtt-emqx-1-data').inputs).toMatchObject({
      encrypted: true,
      size: 8,
    });
  });

  it('is reached through the first balancer on its own address', () => {
    expect(graph.one(command, 'mqtt-emqx-2-files').inputs['connection']).toMatchObject({
      host: '10.20.11.37',
      proxy: { host: '198.51.100.10', hostKey: 'ssh-ed25519 mqtt-haproxy-1-host-key' },
    });
  });

  it('lets in nobody but balancers and brokers', () => {
    const rules = graph.resources.filter(
      ({ type, name }) =>
        type === 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule' &&
        name.startsWith('mqtt-brokers-'),
    );
    expect(rules.every(({ inputs }) => inputs['cidrIpv4'] === undefined)).toBe(true);
    expect(new Set(rules.map(({ inputs }) => inputs['fromPort']))).toEqual(
      new Set([22, 1883, 1884, 4370, 5370, 18083, 18084]),
    );
  });
});

describe('a change', () => {
  it('reaches the standby before the active balancer', async () => {
    const changed = await graphOf(() => new MqttPlatform('mqtt', { ...small, activeBalancer: 'haproxy-2' }));
    const order = changed.namesOf('emqx-haproxy:index:Host').slice(0, 2);
    expect(order).toEqual(['mqtt-haproxy-1', 'mqtt-haproxy-2']);
  });

  it('of the pair is in force on both balancers before it is confirmed on either, the active one first', async () => {
    const changed = await graphOf(() => new MqttPlatform('mqtt', small));
    const before = (name: string) => {
      const ancestors = changed.ancestorsOf(command, `mqtt-${name}`);
      return ['files', 'confirmed', 'secrets'].flatMap((what) =>
        ['haproxy-2', 'haproxy-1'].flatMap((host) =>
          ancestors.has(`${command} mqtt-${host}-${what}`) ? [`${host}-${what}`] : [],
        ),
      );
    };
    const files = ['haproxy-2-files', 'haproxy-1-files'];
    expect(before('haproxy-1-files')).toEqual(['haproxy-2-files']);
    expect(before('haproxy-1-confirmed')).toEqual(files);
    expect(before('haproxy-2-confirmed')).toEqual([...files, 'haproxy-1-confirmed']);
    expect(before('haproxy-1-secrets')).toEqual([
      ...files,
      'haproxy-2-confirmed',
      'haproxy-1-confirmed',
      'haproxy-2-secrets',
    ]);
    expect(String(changed.one(command, 'mqtt-haproxy-1-files').inputs['stdin'])).toContain(
      '"together": true',
    );
    expect(String(changed.one(command, 'mqtt-emqx-1-files').inputs['stdin'])).not.toContain(
      '"together": true',
    );
  });

  it('leaves the other brokers as they are when one is removed', async () => {
    const named = (brokers: Record<string, object>) =>
      graphOf(() => new MqttPlatform('mqtt', { ...small, emqx: { brokers } }));
    const three = await named({ 'emqx-1': {}, 'emqx-2': {}, 'emqx-3': {} });
    const two = await named({ 'emqx-1': {}, 'emqx-3': {} });
    const interfaces = (of: ResourceGraph) =>
      of.resources.filter(
        ({ type, name }) => type === 'aws:ec2/networkInterface:NetworkInterface' && !name.includes('emqx-2'),
      );
    expect(interfaces(two)).toEqual(interfaces(three));
  });

  it('restarts no service that clients pass through when a broker is added', async () => {
    const setsOf = async (brokers: number) => {
      const its = await graphOf(() => new MqttPlatform('mqtt', { ...small, emqx: { brokers } }));
      return (host: string) => String(its.one(command, `mqtt-${host}-files`).inputs['stdin']);
    };
    const [three, four] = [await setsOf(3), await setsOf(4)];
    const effects = ['emqx-1', 'emqx-3', 'haproxy-1', 'haproxy-2'].flatMap((host) =>
      changedFiles(three(host), four(host)).map(({ effect }) => effect),
    );
    expect(new Set(effects)).toEqual(new Set(['none', 'reload:haproxy', 'restart:haproxy-watch']));
  });

  it("takes Outputs for what only the caller's stack knows", async () => {
    const composed = await graphOf(
      () =>
        new MqttPlatform('mqtt', {
          ...small,
          network: {
            vpcId: pulumi.output('vpc-1'),
            vpcCidr: '10.1.0.0/16',
            balancerSubnets: [{ subnetId: pulumi.output('subnet-1'), cidr: '10.1.1.0/24' }],
            brokerSubnets: [{ subnetId: pulumi.output('subnet-2'), cidr: '10.1.2.0/24' }],
            egress: 'nat',
          },
        }),
    );
    expect(
      composed.one('aws:ec2/networkInterface:NetworkInterface', 'mqtt-emqx-1-interface').inputs,
    ).toMatchObject({
      subnetId: 'subnet-2',
      privateIpLists: ['10.1.2.36'],
    });
  });
});
