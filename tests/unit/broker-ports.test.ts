import { describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { planListeners } from '../../components/listeners/plan';
import { checkPorts } from '../../components/listeners/ports';
import { planLimits } from '../../components/balancers/limits';
import { brokerPorts } from '../../components/brokers/ports';
import { Problems } from '../../components/rendering/problems';
import { brokerPortsOf } from '../../components/listeners/brokerPorts';
import { graphOf } from './resourceGraph';

describe('the ports of a broker', () => {
  const portsFor = (maxConnections: number) =>
    planListeners({ mqtts: { maxConnections } }, new Problems()).map(brokerPortsOf);

  it.each([
    [25_000, [1884]],
    [25_001, [1884, 20101]],
    [50_001, [1884, 20101, 20102]],
  ])('for %i clients are %j', (maxConnections, ports) => {
    expect(portsFor(maxConnections)).toEqual([ports]);
  });

  it('carry the most clients that a listener can be given, each fewer than half of the local ports with a quarter more', () => {
    const [ports = []] = portsFor(1_000_000);
    expect(ports).toHaveLength(40);
    const { localPortRange, reservedPorts } = planLimits(planListeners({ mqtts: {} }, new Problems()));
    const half = (localPortRange[1] - localPortRange[0] + 1) / 2 - reservedPorts.length;
    expect((1_000_000 * 1.25) / ports.length).toBeLessThan(half);
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

  it('of a listener stay as others come and go', () => {
    const meters = { kind: 'mqtts', port: 8884, maxConnections: 120_000 } as const;
    const portsAmong = (others: Parameters<typeof planListeners>[0]) =>
      planListeners({ ...others, meters }, new Problems())
        .filter(({ name }) => name === 'meters')
        .map(brokerPortsOf);
    expect(portsAmong({})).toEqual([[8884, 23_160, 23_161, 23_162, 23_163]]);
    for (const others of [
      { mqtts: {} },
      { a: { kind: 'mqtt', port: 8885 }, z: { kind: 'ws', port: 80 } },
    ] as const)
      expect(portsAmong(others)).toEqual(portsAmong({}));
  });

  it('keep off those that EMQX may not open and those of its own connections', () => {
    const portBehind = (port: number) =>
      planListeners({ one: { kind: 'wss', port } }, new Problems()).map(({ brokerPort }) => brokerPort);
    expect([443, 8_443, 61_883].map(portBehind)).toEqual([[20_843], [8_443], [28_383]]);
    for (const brokerPort of [883, 40_000]) {
      const problems = new Problems();
      checkPorts(planListeners({ mqtt: { brokerPort } }, problems), 'brokerPort', brokerPorts, problems);
      expect(texts(problems)).toEqual([
        `listeners.mqtt.brokerPort: is ${brokerPort}; a whole number from 1024 to 32767 is allowed`,
      ]);
    }
  });

  it('that would meet are refused, and a brokerPort mends it', () => {
    const problemsOf = (brokerPort?: number) => {
      const problems = new Problems();
      const second = {
        kind: 'mqtt',
        port: 1884,
        ...(brokerPort === undefined ? {} : { brokerPort }),
      } as const;
      checkPorts(planListeners({ mqtts: {}, second }, problems), 'brokerPort', brokerPorts, problems);
      return texts(problems);
    };
    expect(problemsOf()).toEqual([
      'listeners.second.brokerPort: is 1884, which listeners.mqtts uses already; give each its own port',
    ]);
    expect(problemsOf(1885)).toEqual([]);
  });

  it('of rows for many clients that would meet are refused', () => {
    const problems = new Problems();
    const many = (port: number) => ({ kind: 'mqtt', port, maxConnections: 120_000 }) as const;
    checkPorts(
      planListeners({ a: many(2_000), b: many(2_480) }, problems),
      'brokerPort',
      brokerPorts,
      problems,
    );
    expect(texts(problems)).toEqual([
      'listeners.b.brokerPort: is 2480, whose further ports for many clients hold 26200, which listeners.a for its many clients uses already; give another',
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
        'mqtt-brokers-20101-20104-from-balancers',
      ],
      ['aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule', 'mqtt-balancers-20101-20104-to-brokers'],
    ] as const;
    for (const [type, name] of rules)
      expect(graph.one(type, name).inputs).toMatchObject({
        fromPort: 20_101,
        toPort: 20_104,
        ipProtocol: 'tcp',
      });
  });
});

function texts(problems: Problems): readonly string[] {
  return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
}
