import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, valueOf } from './resourceGraph';
import { made, provider, refused, schema, type } from './servedComponents';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const adoptedNetwork = {
  vpcId: 'vpc-1',
  vpcCidr: '10.0.0.0/16',
  balancerSubnets: [],
  brokerSubnets: [],
  egress: 'nat',
};

const resourcesOf = (graph: ResourceGraph) =>
  graph.resources
    .map(({ type: token, name, inputs, secretInputs }) => ({ token, name, inputs, secretInputs }))
    .toSorted((a, b) => `${a.token} ${a.name}`.localeCompare(`${b.token} ${b.name}`));

describe('a platform that another language asks for', () => {
  const own: MqttPlatformArgs = {
    ssh: { ...ssh, via: 'private' },
    network: { zoneCount: 2 },
    emqx: {
      brokers: { 'emqx-1': {}, 'emqx-4': { weight: 50 } },
      dashboardPassword: pulumi.secret('open-sesame'),
    },
    listeners: { mqtt: {}, mqtts: { allowedCidrs: ['203.0.113.0/24'] } },
    certificates: { dnsNames: ['mqtt.example.com'], validityDays: 90 },
    haproxy: { dashboard: { allowedCidrs: ['203.0.113.0/24'] } },
  };
  const spoken = {
    ssh: { ...ssh, via: { choice: 'private' } },
    network: { newNetwork: { zoneCount: 2 } },
    emqx: {
      brokers: { named: { 'emqx-1': {}, 'emqx-4': { weight: 50 } } },
      dashboardPassword: pulumi.secret('open-sesame'),
    },
    listeners: { mqtt: {}, mqtts: { allowedCidrs: ['203.0.113.0/24'] } },
    certificates: { generatedCertificates: { dnsNames: ['mqtt.example.com'], validityDays: 90 } },
    haproxy: { dashboard: { allowedCidrs: ['203.0.113.0/24'] } },
  };
  let inTypeScript: ResourceGraph;
  let elsewhere: Awaited<ReturnType<typeof made>>;
  beforeAll(async () => {
    inTypeScript = await graphOf(() => new MqttPlatform('mqtt', own));
    elsewhere = await made('MqttPlatform', spoken);
    // Whole platforms take their time on a busy machine.
  }, 60_000);

  it('is made of the same resources, with the same secrets, as in TypeScript', () => {
    expect(resourcesOf(elsewhere.graph)).toEqual(resourcesOf(inTypeScript));
  });

  it('tells the outputs that its schema promises', () => {
    const promised = schema.resources[type('MqttPlatform')];
    const told = Object.keys(elsewhere.state);
    expect(Object.keys(promised?.properties ?? {})).toEqual(expect.arrayContaining(told));
    expect(told).toEqual(expect.arrayContaining([...(promised?.required ?? ['endpoint'])]));
  });

  it('is the same where a language hands secrets and known values in Outputs around what holds them', async () => {
    const { graph } = await made('MqttPlatform', {
      ...spoken,
      network: pulumi.output({ newNetwork: { zoneCount: pulumi.output(2) } }),
      emqx: pulumi.output(spoken.emqx),
    });
    expect(resourcesOf(graph)).toEqual(resourcesOf(inTypeScript));
  });

  it('changes the balancer last that has the address, as EC2 says, unless the program names one', async () => {
    const answers = {
      'aws:ec2/getNetworkInterfaces:getNetworkInterfaces': { ids: ['eni-1'] },
      'aws:ec2/getNetworkInterface:getNetworkInterface': {
        tags: { Name: 'mqtt-haproxy-2' },
        vpcId: 'vpc-1',
        privateIps: [],
      },
      'aws:ec2/getEips:getEips': { allocationIds: ['eipalloc-1'] },
      'aws:ec2/getElasticIp:getElasticIp': {
        tags: { Name: 'mqtt-vip-address' },
        networkInterfaceId: 'eni-1',
      },
    };
    const last = async (inputs: pulumi.Inputs) => {
      const { graph } = await made('MqttPlatform', inputs, 'mqtt', answers);
      const command = 'command:remote:Command';
      const waits = ['mqtt-haproxy-1', 'mqtt-haproxy-2'].filter((host) =>
        [...graph.ancestorsOf(command, `${host}-files`)].some((key) =>
          /^command:remote:Command mqtt-haproxy-\d-files$/.test(key),
        ),
      );
      return waits;
    };
    expect(await last(spoken)).toEqual(['mqtt-haproxy-2']);
    expect(await last({ ...spoken, activeBalancer: 'haproxy-1' })).toEqual(['mqtt-haproxy-1']);
  });

  it('keeps what stands in a secret whole out of all that is readable', async () => {
    const { graph } = await made('MqttPlatform', {
      ...spoken,
      emqx: pulumi.secret({
        dashboardPassword: 'open-sesame',
        settings: { mqtt: { max_packet_size: '7777KB' } },
      }),
    });
    const readable = graph.resources.map(({ inputs, secretInputs }) =>
      Object.entries(inputs).filter(([key]) => !secretInputs.includes(key)),
    );
    expect(JSON.stringify(readable)).not.toMatch(/open-sesame|7777KB/);
  });
});

describe('arguments of another language are refused', () => {
  it('with the message of TypeScript and the paths of the form that was given', async () => {
    expect(
      await refused('MqttPlatform', {
        ssh,
        network: { newNetwork: { zoneCount: 9 } },
        emqx: { brokers: { count: 50 } },
      }),
    ).toBe(
      [
        'MqttPlatform mqtt: 2 problems in its arguments',
        '  network.newNetwork.zoneCount: is 9; a whole number from 1 to 6 availability zones is allowed',
        '  emqx.brokers.count: is 50; a whole number from 1 to 28 brokers is allowed',
      ].join('\n'),
    );
  });

  it('where a name is unknown, a type is wrong or something is missing, all at once', async () => {
    const message = await refused('MqttPlatform', { emqx: { brokers: { count: 'three' } }, listner: {} });
    expect(message).toContain('emqx.brokers.count: is "three"; a whole number is allowed');
    expect(message).toContain('listner: is no known setting; did you mean listeners?');
    expect(message).toContain('ssh: is missing; an object is needed');
  });

  it('where not exactly one form of a union is given', async () => {
    const message = await refused('MqttPlatform', {
      ssh: { ...ssh, via: {} },
      network: {
        newNetwork: {},
        adoptedNetwork,
      },
    });
    expect(message).toContain('ssh.via: is empty; give exactly one of choice, jumpHost');
    expect(message).toContain(
      'network: has newNetwork and adoptedNetwork; give exactly one of newNetwork, adoptedNetwork',
    );
  });

  it('where what decides which resources there are is not known yet, or is a secret', async () => {
    const message = await refused('MqttPlatform', {
      ssh,
      network: { newNetwork: { cidr: pulumi.output(pulumi.unknown) } },
      emqx: { version: pulumi.secret('5.8.9') },
    });
    expect(message).toContain('network.newNetwork.cidr: is not known before `pulumi up`');
    const wholly = await refused('MqttPlatform', {
      ssh: pulumi.output(pulumi.unknown).apply((value: unknown) => value),
    });
    expect(wholly).toContain('ssh: is not known before `pulumi up`');
    expect(message).toContain('emqx.version: is a secret');
    expect(message).not.toContain('5.8.9');
  });

  it('without a word on the values of secrets', async () => {
    const message = await refused('MqttPlatform', {
      ssh,
      emqx: { dashboardPassword: ['hunter2'] },
    });
    expect(message).toContain('emqx.dashboardPassword: is a list; a string is allowed');
    expect(message).not.toContain('hunter2');
  });

  it('by a provider of another version than the SDK, which has not heard of a component', async () => {
    expect(await refused('Dashboard', {})).toBe(
      `emqx-haproxy ${provider.version} has no component emqx-haproxy:index:Dashboard; the SDK may be of another version than the provider`,
    );
  });
});

describe('the other components', () => {
  it('make a network or adopt one, and tell its subnets', async () => {
    const { graph, state } = await made('Network', { newNetwork: { zoneCount: 1 } });
    expect(graph.namesOf('aws:ec2/vpc:Vpc')).toEqual(['mqtt-vpc']);
    expect(state['vpcCidr']).toBe('10.20.0.0/16');
    const adopted = await made('Network', {
      adoptedNetwork: {
        vpcId: pulumi.output('vpc-1'),
        vpcCidr: '10.0.0.0/16',
        balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.0.0.0/24' }],
        brokerSubnets: [{ subnetId: 'subnet-2', cidr: '10.0.1.0/24' }],
        egress: 'nat',
      },
    });
    expect(adopted.graph.namesOf('aws:ec2/vpc:Vpc')).toEqual([]);
  });

  it('call what is wrong by the place that it has in their own arguments', async () => {
    expect(await refused('Network', { newNetwork: { zoneCount: 9 } })).toContain(
      '  newNetwork.zoneCount: is 9;',
    );
    expect(
      await refused('Network', {
        newNetwork: {},
        adoptedNetwork,
      }),
    ).toContain('  adoptedNetwork: does not go together with newNetwork; leave out either');
    expect(
      await refused('Certificates', { ipAddresses: [], generatedCertificates: { validityDays: 1 } }),
    ).toContain('  generatedCertificates.validityDays: is 1;');
    expect(await refused('VirtualIp', { mode: 'route' })).toContain('  address: is missing in mode route;');
  });

  it('make certificates for addresses, and keep the key secret', async () => {
    const { state } = await made('Certificates', { ipAddresses: ['198.51.100.10'] });
    expect(Object.keys(state)).toEqual(['caCertificate', 'certificateChain', 'privateKey']);
    expect(await pulumi.isSecret(pulumi.output(state['privateKey']))).toBe(true);
  });

  it('make an address of its own, and one in the network that another component told', async () => {
    const elastic = await made('VirtualIp', {});
    expect(await valueOf(pulumi.output(elastic.state['address']))).toBe('198.51.100.10');
    const network = {
      vpcCidr: pulumi.output('10.0.0.0/16'),
      balancerSubnets: [{ subnetId: pulumi.output('subnet-1'), cidr: pulumi.output('10.0.0.0/24') }],
    };
    const { state } = await made('VirtualIp', { mode: 'privateIp', network });
    expect(await valueOf(pulumi.output(state['address']))).toBe('10.0.0.31');
    expect(
      await refused('VirtualIp', {
        mode: 'privateIp',
        network: { ...network, vpcCidr: pulumi.output(pulumi.unknown) },
      }),
    ).toContain('network.vpcCidr: is not known before `pulumi up`');
  });
});
