import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it, vi } from 'vitest';
import { MqttPlatform, planPlatform } from '../../../components';
import type { MqttPlatformArgs } from '../../../components';
import * as balancers from '../../../components/balancers/plan';
import * as brokers from '../../../components/brokers/plan';
import * as certificates from '../../../components/certificates/plan';
import * as listeners from '../../../components/listeners/plan';
import * as network from '../../../components/network/plan';
import * as virtualIp from '../../../components/virtualIp/plan';
import { graphOf } from '../resourceGraph';

// Watched, not replaced.
vi.mock('../../../components/balancers/plan', { spy: true });
vi.mock('../../../components/brokers/plan', { spy: true });
vi.mock('../../../components/certificates/plan', { spy: true });
vi.mock('../../../components/listeners/plan', { spy: true });
vi.mock('../../../components/network/plan', { spy: true });
vi.mock('../../../components/virtualIp/plan', { spy: true });

const args: MqttPlatformArgs = {
  ssh: { allowedCidrs: ['203.0.113.0/24'] },
  emqx: { instanceType: 'm6i.large', brokers: { 'emqx-1': {}, 'emqx-4': { weight: 50 } } },
  listeners: { mqtt: { maxConnections: 100_000 }, wss: { path: '/iot' } },
  haproxy: { instanceType: 'm6i.large', keepalived: { preferred: 'haproxy-2' } },
};

const jumpHost = { host: '198.51.100.77', user: 'admin', hostKey: 'ssh-ed25519 AAAA' };

describe('the plan of a platform', () => {
  it('is of plain values without a secret, which come back whole from JSON', () => {
    const password = pulumi.secret('of a user');
    const plan = planPlatform('mqtt', {
      ...args,
      emqx: {
        ...args.emqx,
        instanceType: pulumi.output('m6i.large'),
        cookie: 'of the cluster',
        authorization: { rules: [] },
        authentication: [{ users: { a: { password } } }, { jwt: { secret: 'of tokens' } }],
      },
      haproxy: { ...args.haproxy, stats: { password: 'of statistics' } },
      ssh: { allowedCidrs: ['203.0.113.0/24'], via: { ...jumpHost, privateKey: 'of the jump host' } },
    });
    const text = JSON.stringify(plan);
    expect(JSON.parse(text)).toEqual(plan);
    expect(text).not.toContain('"of ');
    expect(plan.problems).toEqual([]);
  });

  it('names every host, address, port, listener and limit', () => {
    const plan = planPlatform('mqtt', args);
    expect(plan).toMatchObject({
      name: 'mqtt',
      network: {
        vpcCidr: '10.20.0.0/16',
        balancerSubnets: [{ cidr: '10.20.0.0/24' }, { cidr: '10.20.1.0/24' }],
        natGatewayCount: 1,
      },
      virtualIp: { mode: 'elasticIp' },
      cluster: {
        brokers: [
          { name: 'emqx-1', address: '10.20.10.36', nodeName: 'emqx@10.20.10.36', weight: 100 },
          { name: 'emqx-4', address: '10.20.10.39', nodeName: 'emqx@10.20.10.39', weight: 50 },
        ],
        maxConnections: 110_000,
      },
      pair: {
        balancers: [
          { name: 'haproxy-1', address: '10.20.0.32', vipAddress: '10.20.0.34', priority: 240 },
          { name: 'haproxy-2', address: '10.20.1.33', vipAddress: '10.20.1.35', priority: 250 },
        ],
        limits: {
          maxConnections: 137_500,
          fileDescriptors: 277_000,
          reservedPorts: [1883, 8083, 8084, 8883, 8888, 10_000],
        },
        publicAddresses: true,
      },
      statsUrl: 'http://10.20.1.33:8888/stats',
    });
    expect(
      plan.listeners.map(({ name, port, brokerPort, furtherBrokerPorts }) => [
        name,
        port,
        brokerPort,
        furtherBrokerPorts,
      ]),
    ).toEqual([
      ['mqtt', 1883, 1883, { first: 20_001, count: 3 }],
      ['wss', 8084, 8084, undefined],
    ]);
  });

  it('is one for balancers and brokers', () => {
    const { listeners: planned, pair, cluster } = planPlatform('mqtt', args);
    expect(pair.listeners).toBe(planned);
    expect(cluster.listeners).toBe(planned);
    expect(pair.brokers).toBe(cluster.brokers);
  });

  it('opens listeners to whoever can reach the address, unless they name ranges', () => {
    const inVpc = planPlatform('mqtt', {
      ...args,
      listeners: { mqtt: {}, mqtts: { allowedCidrs: ['10.20.1.0/24'] } },
      virtualIp: { mode: 'route', address: '10.255.0.1' },
    });
    expect(inVpc.listeners.map(({ allowedCidrs }) => allowedCidrs)).toEqual([
      ['10.20.0.0/16'],
      ['10.20.1.0/24'],
    ]);
  });

  it('is made once for all components', async () => {
    const planners = [
      network.planNetwork,
      virtualIp.planVirtualIp,
      listeners.planListeners,
      brokers.planCluster,
      balancers.planPair,
      certificates.planCertificates,
    ].map((planner) => vi.mocked(planner).mockClear());
    const graph = await graphOf(() => new MqttPlatform('mqtt', args));
    expect(graph.namesOf('emqx-haproxy:index:Host')).toHaveLength(4);
    expect(planners.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
