import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Identity } from '../../proving/identities';
import { valueOf } from './resourceGraph';
import { made, refused, schema, type } from './servedComponents';

describe('a pair and a cluster that another language puts together', () => {
  const listeners = { mqtts: { maxConnections: 2000 } };
  const subnets = [1, 2].map((zone) => ({
    subnetId: pulumi.output(`subnet-${zone}`),
    cidr: pulumi.output(`10.0.${zone}.0/24`),
  }));
  const shared = {
    platform: 'mqtt',
    vpcId: pulumi.output('vpc-1'),
    listeners,
    login: { keyName: 'mqtt', privateKey: pulumi.secret('a login key') },
  };
  const ssh = { allowedCidrs: ['203.0.113.0/24'] };
  const pair = {
    ...shared,
    vpcCidr: '10.0.0.0/16',
    subnets,
    brokers: { count: 2 },
    brokerSubnets: subnets,
    certificates: { certificateChain: '', privateKey: pulumi.secret('') },
    ssh,
  };
  const cluster = {
    ...shared,
    subnets,
    brokers: { count: 2 },
    clientsGroupId: pulumi.output('sg-balancers'),
    authentication: [{ users: { device: {} } }],
    authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
  };

  beforeAll(async () => {
    const { pem, key } = await Identity.make('mqtt.example.com');
    pair.certificates = { certificateChain: pem, privateKey: pulumi.secret(key) };
  });

  it('agree on where the brokers are', async () => {
    const balancers = await made('HaproxyPair', pair, 'mqtt-pair');
    const files = balancers.graph.one('command:remote:Command', 'mqtt-haproxy-1-files').inputs;
    const brokers = await made('EmqxCluster', cluster, 'mqtt-cluster');
    const addresses = z.array(z.object({ privateIp: z.string() })).parse(brokers.state['brokers']);
    expect(addresses.map(({ privateIp }) => privateIp)).toEqual(['10.0.1.36', '10.0.2.37']);
    for (const { privateIp } of addresses) expect(JSON.stringify(files)).toContain(`${privateIp}:`);
  });

  it('tell what their schema promises, and what each needs of the other', async () => {
    for (const [component, args] of Object.entries({ HaproxyPair: pair, EmqxCluster: cluster })) {
      const { state } = await made(component, args);
      const promised = schema.resources[type(component)];
      expect(Object.keys(state).toSorted()).toEqual(Object.keys(promised?.properties ?? {}).toSorted());
    }
    const { state } = await made('HaproxyPair', pair);
    expect(await valueOf(pulumi.output(state['endpoints']))).toEqual({ mqtts: 'mqtts://198.51.100.10:8883' });
    expect(await valueOf(pulumi.output(state['securityGroupId']))).toBe('mqtt-group-id');
  });

  it('open the way from the group that is given to the brokers, and from no other', async () => {
    const { graph } = await made('EmqxCluster', cluster);
    const rules = (direction: string) =>
      graph.resources.filter(
        ({ type: token, inputs }) =>
          token === `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule` &&
          inputs['ipProtocol'] === 'tcp',
      );
    const towards = rules('Egress').filter(({ inputs }) => inputs['securityGroupId'] === 'sg-balancers');
    expect(towards.map(({ inputs }) => inputs['fromPort'])).toEqual(
      expect.arrayContaining([1884, 18083, 18084, 22]),
    );
    const from = new Set(rules('Ingress').map(({ inputs }) => inputs['referencedSecurityGroupId']));
    expect([...from].toSorted()).toEqual(['mqtt-group-id', 'sg-balancers']);
  });

  it('make the address a child of the pair, in the mode that is asked for', async () => {
    const { graph, state } = await made('HaproxyPair', {
      ...pair,
      virtualIp: { mode: 'route', address: '10.255.0.1', routeTableIds: { main: 'rtb-1' } },
    });
    expect(graph.namesOf('aws:ec2/route:Route')).toEqual(['mqtt-vip-route-main']);
    expect(await valueOf(pulumi.output(state['endpoint']))).toBe('10.255.0.1');
  });

  it('are refused by the paths of their own arguments, all at once', async () => {
    const message = await refused('HaproxyPair', {
      ...pair,
      healthCheck: { fall: 0 },
      brokers: { count: 50 },
      subnets: [{ subnetId: 'subnet-1', cidr: '10.9.0.0/28' }],
      ssh: { allowedCidrs: ['0.0.0.0/0'] },
      publicAddresses: false,
      certificates: { certificateChain: 'chain', privateKey: pulumi.secret('key') },
    });
    for (const told of [
      '  healthCheck.fall: is 0;',
      '  brokers.count: is 50;',
      '  subnets[0].cidr: is 10.9.0.0/28;',
      '  ssh.allowedCidrs[0]: is 0.0.0.0/0,',
      '  certificates.certificateChain: is not PEM;',
      '  publicAddresses: is false, and the virtual IP is public',
      '  publicAddresses: is false, and pulumi up reaches balancers',
    ])
      expect(message).toContain(told);
    const ofCluster = await refused('EmqxCluster', { ...cluster, version: '4.4.0', sshCidrs: ['here'] });
    expect(ofCluster).toContain('  version: is 4.4.0;');
    expect(ofCluster).toContain('  sshCidrs[0]: is "here"');
    expect(
      await refused('HaproxyPair', { ...pair, subnets: [{ subnetId: 'subnet-1', cidr: '10.9.0.0/24' }] }),
    ).toContain('  subnets[0].cidr: is 10.9.0.0/24, which does not lie in vpcCidr 10.0.0.0/16');
  });

  it('are refused where a name or a type is wrong', async () => {
    const message = await refused('EmqxCluster', { ...cluster, subnet: [], dataVolumeGib: '8' });
    expect(message).toContain('subnet: is no known setting; did you mean subnets?');
    expect(message).toContain('dataVolumeGib: is "8"; a whole number is allowed');
  });
});
