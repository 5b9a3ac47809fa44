import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import { haproxyConfig } from '../../components/balancers/haproxyConfig';
import type { StackOutputs } from '../../infra/outputs';
import { stackOutputs } from '../../infra/outputs';
import { balancerView } from '../../proving/views';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, valueOf } from './resourceGraph';

const ssh = { allowedCidrs: ['198.51.100.7/32'] };

function told(dashboard: object): string {
  const args = { ssh, haproxy: { dashboard: { allowedCidrs: ['198.51.100.7/32'], ...dashboard } } };
  return checkMqttPlatformArgs('mqtt', args)
    .map(({ path, reason }) => `${path} ${reason}`)
    .join('\n');
}

describe('EMQX’s dashboard through the balancers', () => {
  let graph: ResourceGraph;
  let outputs: StackOutputs;
  beforeAll(async () => {
    graph = await graphOf(() => {
      const haproxy = { dashboard: { allowedCidrs: ['198.51.100.7/32'], port: 8443 } };
      outputs = stackOutputs(new MqttPlatform('demo', { ssh, haproxy }));
    });
  });

  it('is not there unless it is asked for', () => {
    expect(haproxyConfig(balancerView())).not.toContain('dashboard');
  });

  it('is over TLS, for the ranges that are given, and on living brokers', () => {
    const config = haproxyConfig(
      balancerView({ dashboard: { port: 8443, allowedCidrs: ['198.51.100.7/32', '10.0.0.0/8'] } }),
    );
    const [, frontend = '', backend = ''] =
      /\nfrontend emqx_dashboard\n([^]*?)\n\nbackend emqx_dashboard\n([^]*?)\n\n/.exec(config) ?? [];
    expect(frontend).toMatch(/bind :8443 ssl crt \S+/);
    expect(frontend).toMatch(
      /acl administers src 198\.51\.100\.7\/32\n *acl administers src 10\.0\.0\.0\/8\n/,
    );
    expect(frontend).toContain('tcp-request connection reject unless administers');
    expect(backend).toContain('option httpchk GET /status');
    // The defaults send PROXY headers, which a web server would not understand.
    expect(backend).toContain('no-send-proxy-v2');
    expect(backend).toMatch(/server \S+ [\d.]+:18083/);
  });

  it('is let in by the security group from these ranges only, and told where it is', async () => {
    const rules = graph.resources.filter(
      ({ type, inputs }) => type.includes('IngressRule') && inputs['fromPort'] === 8443,
    );
    expect(rules.map(({ inputs }) => inputs['cidrIpv4'])).toEqual(['198.51.100.7/32']);
    const url = outputs.dashboardUrl;
    expect(url === undefined ? '' : await valueOf(url)).toMatch(/^https:\/\/[\d.]+:8443$/);
  });

  it.each<[string, object, string]>([
    ['for nobody', { allowedCidrs: [] }, 'haproxy.dashboard.allowedCidrs is empty'],
    [
      'for the whole internet',
      { allowedCidrs: ['0.0.0.0/0'] },
      'haproxy.dashboard.allowedCidrs[0] lets the whole internet',
    ],
    ['on the statistics page’s port', { port: 8888 }, 'haproxy.dashboard.port is 8888, which is for'],
    ['on a listener’s port', { port: 8883 }, 'listeners.mqtts.port'],
  ])('is refused %s', (_, dashboard, problem) => {
    expect(told(dashboard)).toContain(problem);
  });
});
