import { describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { checkPorts, planListeners } from '../../components/listeners/plan';
import { brokerPorts } from '../../components/brokers/ports';
import { Problems } from '../../components/rendering/problems';
import { brokerPortsOf } from '../../components/listeners/brokerPorts';
import { graphOf } from './resourceGraph';

describe('the ports of a broker', () => {
  const portsFor = (maxConnections: number) =>
    planListeners({ mqtts: { maxConnections } }, new Problems()).map(brokerPortsOf);

  it.each([
    [51_200, [1884]],
    [51_201, [1884, 20101]],
    [102_401, [1884, 20101, 20102]],
  ])('for %i clients are %j', (maxConnections, ports) => {
    expect(portsFor(maxConnections)).toEqual([ports]);
  });

  it('carry the most clients that a listener can be given, each at most 64,000 with a quarter more', () => {
    const [ports = []] = portsFor(1_000_000);
    expect(ports).toHaveLength(20);
    expect((1_000_000 * 1.25) / ports.length).toBeLessThanOrEqual(64_000);
  });

  it('of different listeners never meet, and one that is given keeps off the further ones', () => {
    const many = { maxConnections: 1_000_000 };
    const problemsOf = (brokerPort: number) => {
      const problems = new Problems();
      const planned = planListeners(
        { mqtt: many, mqtts: many, ws: many, wss: { ...many, brokerPort } },
        problems,
      );
      checkPorts(planned, 'brokerPort', brokerPorts, problems);
      return texts(problems);
    };
    expect(problemsOf(8084)).toEqual([]);
    expect(problemsOf(20_001)).toEqual([
      'listeners.wss.brokerPort: is 20001, which listeners.mqtt for its many clients uses already; give each its own port',
    ]);
  });

  it('are open to the balancers, and the balancers may open them', async () => {
    const graph = await graphOf(
      () =>
        new MqttPlatform('mqtt', {
          ssh: { allowedCidrs: ['203.0.113.0/24'] },
          listeners: { mqtts: { maxConnections: 110_000 } },
          haproxy: { instanceType: 'm6i.xlarge' },
        }),
    );
    const rules = [
      [
        'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
        'mqtt-brokers-20101-20102-from-balancers',
      ],
      ['aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule', 'mqtt-balancers-20101-20102-to-brokers'],
    ] as const;
    for (const [type, name] of rules)
      expect(graph.one(type, name).inputs).toMatchObject({
        fromPort: 20_101,
        toPort: 20_102,
        ipProtocol: 'tcp',
      });
  });
});

function texts(problems: Problems): readonly string[] {
  return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
}
