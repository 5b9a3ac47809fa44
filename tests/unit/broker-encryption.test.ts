import { describe, expect, it } from 'vitest';
import { haproxyConfig } from '../../components/balancers/haproxyConfig';
import { brokerFiles } from '../../components/brokers/files';
import type { Encryption } from '../../components/brokers/encryption';
import { checkMqttPlatformArgs, MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import { balancerView, brokerView, certificate, listener } from '../../proving/views';
import type { ResourceGraph } from './resourceGraph';
import { graphOf } from './resourceGraph';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const brokerTls = { ca: certificate, certificate, name: 'brokers.demo' };

describe('TLS between balancers and brokers', () => {
  const openedBy = (step: Encryption) => {
    const listeners = [
      listener('mqtts', { furtherBrokerPorts: { first: 20_101, count: 1 } }),
      listener('wss', {}),
    ];
    const encryption = { step, certificate, balancersCa: certificate };
    const files = brokerFiles(brokerView({ listeners, encryption }));
    const conf = files.find(({ path }) => path === '/etc/emqx/emqx.conf')?.content ?? '';
    return {
      conf,
      ports: [...conf.matchAll(/^listeners\.(\w+\.\w+) \{\n +bind = "0\.0\.0\.0:(\d+)"/gm)].map(
        ([, name, port]) => `${name ?? ''} ${port ?? ''}`,
      ),
    };
  };
  const plain = ['tcp.mqtts 1884', 'tcp.mqtts_2 20101', 'ws.wss 8084'];
  const encrypted = ['ssl.mqtts 2884', 'ssl.mqtts_2 21101', 'wss.wss 9084'];

  it.each([
    ['none', plain],
    ['offered', [...plain, ...encrypted]],
    ['used', [...plain, ...encrypted]],
    ['required', encrypted],
  ] as const)('%s: brokers open what the steps before and after it need', (step, ports) => {
    expect(openedBy(step).ports).toEqual(ports);
  });

  it('lets nobody in at a broker but who has a certificate of the balancers', () => {
    const { conf } = openedBy('required');
    expect(conf.match(/verify = verify_peer\n +fail_if_no_peer_cert = true/g)).toHaveLength(3);
    expect(conf).toMatch(/cacertfile = "\/etc\/emqx-haproxy\/emqx\/balancers-ca\.pem"/);
  });

  it('has balancers ask for the name of the brokers, at the ports with TLS, and check as before', () => {
    const listeners = [
      listener('mqtts', { furtherBrokerPorts: { first: 20_101, count: 1 } }),
      listener('ws'),
    ];
    const config = haproxyConfig(balancerView({ listeners, brokerTls }));
    expect(config).toContain('tcp-request connection set-dst-port int(2884)');
    expect(config).toContain('set-dst-port rand(1),add(21101)');
    expect(config).toContain('server broker-1 10.20.2.1:9083 ');
    const servers = config.split('\n').filter((line) => line.includes('default-server agent-check'));
    for (const line of servers)
      expect(line).toContain(
        'ssl crt /etc/haproxy/certs/to-brokers.pem ca-file /etc/haproxy/certs/brokers-ca.pem verify required verifyhost brokers.demo',
      );
    expect(config).toContain('check port 18083');
  });

  it.each([
    ['none', [], false],
    ['offered', ['mqtt-certificates-balancers', 'mqtt-certificates-brokers'], true],
    ['required', ['mqtt-certificates-balancers', 'mqtt-certificates-brokers'], true],
  ] as const)('%s: certificates and openings', async (encryption, names, opens) => {
    const graph = await graphWith({ emqx: { encryption } });
    const made = graph.resources
      .filter(({ type, inputs }) => type.startsWith('tls:') && 'certRequestPem' in inputs)
      .map(({ name }) => name)
      .filter((name) => name !== 'mqtt-certificates-server');
    expect(made.toSorted()).toEqual(names);
    const rules = graph.resources.filter(
      ({ type, inputs }) => type.includes('securityGroup') && inputs['fromPort'] === 2884,
    );
    expect(rules.length > 0).toBe(opens);
  });

  it('changes nothing on brokers at the step that balancers make', () => {
    expect(openedBy('offered').conf).toBe(openedBy('used').conf);
  });

  it('refuses an unknown step, and ports that meet', () => {
    const problems = checkMqttPlatformArgs('mqtt', {
      ssh,
      emqx: { encryption: 'offered' },
      listeners: {
        mqtt: { brokerPort: 4370 - 1_000 },
        mqtts: { brokerPort: 17_083 },
        ws: { brokerPort: 18_000 },
      },
    });
    expect(problems.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      'listeners.mqtt.brokerPort: is 3370, beside which emqx.encryption opens 4370, which Erlang distribution uses already; give another',
      'listeners.mqtts.brokerPort: is 17083, beside which emqx.encryption opens 18083, which the dashboard and API uses already; give another',
    ]);
    const unknown = { ssh, emqx: { encryption: 'on' as Encryption } };
    expect(checkMqttPlatformArgs('mqtt', unknown).map(({ path }) => path)).toContain('emqx.encryption');
  });
});

async function graphWith(args: Partial<MqttPlatformArgs>): Promise<ResourceGraph> {
  return graphOf(() => {
    new MqttPlatform('mqtt', { ssh, listeners: { mqtts: {} }, ...args });
  });
}
