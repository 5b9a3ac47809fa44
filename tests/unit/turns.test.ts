import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import type { ResourceGraph } from './resourceGraph';
import { graphOf } from './resourceGraph';

const args: MqttPlatformArgs = {
  ssh: { allowedCidrs: ['203.0.113.0/24'] },
  emqx: { brokers: 3 },
  listeners: { mqtt: {} },
};
const command = 'command:remote:Command';
const instance = 'aws:ec2/instance:Instance';
const hosts = ['haproxy-1', 'haproxy-2', 'emqx-1', 'emqx-2', 'emqx-3'];

/** A platform of which EC2 runs every host, or none. */
async function platform(runs: boolean, more: Partial<MqttPlatformArgs> = {}): Promise<ResourceGraph> {
  return graphOf(() => new MqttPlatform('mqtt', { ...args, ...more }), {
    'aws:ec2/getInstances:getInstances': { ids: runs ? ['i-0'] : [] },
  });
}

/** The hosts whose files an instance waits for, with which they have to be well. */
function awaited(graph: ResourceGraph, host: string): readonly string[] {
  const ancestors = graph.ancestorsOf(instance, `mqtt-${host}-instance`);
  return hosts.filter((other) => ancestors.has(`${command} mqtt-${other}-files`));
}

describe('hosts that run', () => {
  it('are replaced one after the other: the standby, the active balancer, then broker by broker', async () => {
    const graph = await platform(true);
    expect(awaited(graph, 'haproxy-2')).toEqual([]);
    expect(awaited(graph, 'haproxy-1')).toEqual(['haproxy-2']);
    expect(awaited(graph, 'emqx-1')).toEqual(['haproxy-1', 'haproxy-2']);
    expect(awaited(graph, 'emqx-2')).toEqual(['haproxy-1', 'haproxy-2', 'emqx-1']);
    expect(awaited(graph, 'emqx-3')).toEqual(['haproxy-1', 'haproxy-2', 'emqx-1', 'emqx-2']);
  });

  it('are replaced in the order of who holds the address now', async () => {
    const graph = await platform(true, { activeBalancer: 'haproxy-2' });
    expect(awaited(graph, 'haproxy-1')).toEqual([]);
    expect(awaited(graph, 'haproxy-2')).toEqual(['haproxy-1']);
  });

  it('are replaced once a neighbour has said that the others can do without them', async () => {
    const graph = await platform(true);
    for (const host of hosts)
      expect(graph.ancestorsOf(instance, `mqtt-${host}-instance`)).toContain(`${command} mqtt-${host}-turn`);
    const { inputs } = graph.one(command, 'mqtt-emqx-1-turn');
    expect(inputs['create']).toMatch(/ broker\.spare emqx@10\.20\.\d+\.\d+$/);
    // Its own address is another one than the neighbour's, who is asked.
    expect(String(inputs['create'])).not.toContain(`@${hostOf(graph, 'mqtt-emqx-1-turn')}`);
    expect(hostOf(graph, 'mqtt-emqx-1-turn')).toBe(hostOf(graph, 'mqtt-emqx-3-ready'));
    expect(hostOf(graph, 'mqtt-emqx-2-turn')).toBe(hostOf(graph, 'mqtt-emqx-1-ready'));
  });

  it.each([
    { imageGeneration: 2 },
    { operatingSystem: 'debian-12' },
    { architecture: 'arm64' },
    { instanceType: 't3.large' },
  ] as const)('ask again when %o replaces them', async (emqx) => {
    const triggers = (graph: ResourceGraph) => graph.one(command, 'mqtt-emqx-1-turn').inputs['triggers'];
    const after = await platform(true, { emqx: { brokers: 3, ...emqx } });
    expect(triggers(after)).not.toEqual(['debian-13', 'amd64', 1, 't3.medium']);
  });

  it('ask about nothing else', async () => {
    const graph = await platform(true, { emqx: { brokers: 3, repairGeneration: 2 } });
    const { triggers } = graph.one(command, 'mqtt-emqx-1-turn').inputs;
    expect(triggers).toEqual(['debian-13', 'amd64', 1, 't3.medium']);
  });
});

describe('hosts that do not run', () => {
  it('are made at once, all of them', async () => {
    const graph = await platform(false);
    for (const host of hosts) {
      expect(awaited(graph, host)).toEqual([]);
      expect(graph.ancestorsOf(instance, `mqtt-${host}-instance`)).not.toContain(
        `${command} mqtt-${host}-turn`,
      );
    }
  });
});

describe('a host that goes', () => {
  it('leaves before its instance is deleted, the last broker first, and the balancers after all brokers', async () => {
    const graph = await platform(false);
    const leftAfter = (host: string) => {
      const ancestors = graph.ancestorsOf(command, `mqtt-${host}-leave`);
      return hosts.filter((other) => other !== host && ancestors.has(`${command} mqtt-${other}-leave`));
    };
    expect(leftAfter('emqx-3')).toEqual(['haproxy-1', 'haproxy-2', 'emqx-1', 'emqx-2']);
    expect(leftAfter('emqx-1')).toEqual(['haproxy-1', 'haproxy-2']);
    expect(leftAfter('haproxy-1')).toEqual(['haproxy-2']);
    for (const host of hosts)
      expect(graph.one(command, `mqtt-${host}-leave`).inputs['triggers']).toEqual([
        `mqtt-${host}-instance-id`,
      ]);
  });

  it('is asked to on the very instance that goes, whatever has its address by then', async () => {
    const graph = await platform(true);
    for (const [host, program] of [
      ['emqx-1', /broker\.leave --timeout \d+/],
      ['haproxy-1', /balancer\.leave/],
    ] as const) {
      const line = String(graph.one(command, `mqtt-${host}-leave`).inputs['delete']);
      expect(line).toMatch(program);
      expect(line).toContain(`instance-id)" != mqtt-${host}-instance-id ] || {`);
      execFileSync('sh', ['-n', '-c', line]);
      // Here is another instance, and none of the programs.
      execFileSync('sh', ['-c', line]);
    }
  });

  it('and stays after all starts again what it had stopped', async () => {
    const graph = await platform(true);
    for (const name of ['mqtt-emqx-1-leave', 'mqtt-emqx-1-ready']) {
      const line = String(graph.one(command, name).inputs['create']);
      expect(line).toMatch(/test -e \/run\/emqx-haproxy\/left; then\s+units=.*systemctl start \$units/);
      execFileSync('sh', ['-n', '-c', line]);
    }
  });
});

it('a single broker has nobody to ask', async () => {
  const graph = await platform(true, { emqx: { brokers: 1 } });
  expect(graph.namesOf(command)).not.toContain('mqtt-emqx-1-turn');
  expect(awaited(graph, 'emqx-1')).toEqual(['haproxy-1', 'haproxy-2']);
});

function hostOf(graph: ResourceGraph, name: string): string {
  const { host } = graph.one(command, name).inputs['connection'] as { readonly host: string };
  return host;
}
