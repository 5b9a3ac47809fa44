import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { costLine, readmeOf } from './exampleReadme';
import { graphOf, valueOf } from './resourceGraph';
import type { ResourceGraph } from './resourceGraph';

let graph: ResourceGraph;
let outputs: { readonly endpoints: pulumi.Output<string[]>; readonly caCertificates: pulumi.Output<string> };
beforeAll(async () => {
  graph = await graphOf(async () => {
    pulumi.runtime.setAllConfig({ 'emqx-haproxy:sshCidr': '198.51.100.7/32' });
    outputs = await import('../../examples/active-active/index.js');
  });
  pulumi.runtime.setAllConfig({});
  // Two whole platforms take their time on a busy machine.
}, 60_000);

const keepalivedOf = (host: string) => {
  const set = String(graph.one('command:remote:Command', `${host}-files`).inputs['stdin']);
  return /=== \/etc\/keepalived\/keepalived\.conf .*\n([^]*?)\n=== /.exec(set)?.[1] ?? '';
};
const priorityOf = (host: string) => Number(/^ *priority (\d+)$/m.exec(keepalivedOf(host))?.[1]);

describe('the example active-active', () => {
  it('is two platforms with an address each, in networks that do not overlap', async () => {
    expect(graph.namesOf('emqx-haproxy:index:MqttPlatform')).toEqual(['blue', 'green']);
    expect(graph.namesOf('aws:ec2/eip:Eip').filter((name) => name.endsWith('-vip-address'))).toEqual([
      'blue-vip-address',
      'green-vip-address',
    ]);
    expect(
      graph.resources
        .filter(({ type }) => type === 'aws:ec2/vpc:Vpc')
        .map(({ inputs }) => inputs['cidrBlock']),
    ).toEqual(['10.20.0.0/16', '10.21.0.0/16']);
    expect(await valueOf(outputs.endpoints)).toHaveLength(2);
    expect((await valueOf(outputs.caCertificates)).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('prefers another balancer in each, and sends the address home', () => {
    expect(priorityOf('blue-haproxy-1')).toBeGreaterThan(priorityOf('blue-haproxy-2'));
    expect(priorityOf('green-haproxy-2')).toBeGreaterThan(priorityOf('green-haproxy-1'));
    expect(keepalivedOf('blue-haproxy-1')).not.toContain('nopreempt');
  });

  it('costs what its README says', () => {
    expect(readmeOf('active-active')).toContain(costLine(graph.resources));
  });

  it('needs as many Elastic IPs as it says', () => {
    expect(graph.namesOf('aws:ec2/eip:Eip')).toHaveLength(8);
  });
});
