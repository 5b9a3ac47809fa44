import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { environment } from '../../examples/two-environments/environments';
import { costLine, readmeOf } from './exampleReadme';
import { graphOf } from './resourceGraph';
import type { ResourceGraph } from './resourceGraph';

let dev: ResourceGraph;
let prod: ResourceGraph;
beforeAll(async () => {
  const made = (name: string) => graphOf(() => new MqttPlatform('mqtt', environment(name)));
  dev = await made('dev');
  prod = await made('prod');
}, 60_000);

const brokersOf = (graph: ResourceGraph) =>
  graph.namesOf('aws:ec2/instance:Instance').filter((name) => name.includes('-emqx-'));

/** A file of a host, as a platform lays it down. */
function fileOf(graph: ResourceGraph, host: string, path: string): string {
  const set = String(graph.one('command:remote:Command', `mqtt-${host}-files`).inputs['stdin']);
  return new RegExp(`=== ${path} .*\\n([^]*?)\\n=== `).exec(set)?.[1] ?? '';
}

describe('the example two-environments', () => {
  it('is one broker in dev, and three that are protected in prod', () => {
    expect(brokersOf(dev)).toEqual(['mqtt-emqx-1-instance']);
    expect(brokersOf(prod)).toHaveLength(3);
    expect([environment('dev').protect, environment('prod').protect]).toEqual([undefined, true]);
  });

  it('has the same rules and the same limit in both', () => {
    const rules = (graph: ResourceGraph) => fileOf(graph, 'emqx-1', '/etc/emqx-haproxy/emqx/acl.conf');
    expect(rules(dev)).toContain('${username}/#');
    expect(rules(prod)).toBe(rules(dev));
    for (const graph of [dev, prod])
      expect(fileOf(graph, 'haproxy-1', '/etc/haproxy/haproxy.cfg')).toMatch(/conn_rate.* gt 20\b/);
  });

  it('costs what its README says', () => {
    expect(readmeOf('two-environments')).toContain(`dev ${costLine(dev.resources)}`);
    expect(readmeOf('two-environments')).toContain(`prod ${costLine(prod.resources)}`);
  });

  it('refuses a stack of another name', () => {
    expect(() => environment('test')).toThrow('the stack is named test; there are dev, prod');
  });
});
