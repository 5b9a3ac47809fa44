import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
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
const local = 'command:local:Command';
const instance = 'aws:ec2/instance:Instance';
const hosts = ['haproxy-1', 'haproxy-2', 'emqx-1', 'emqx-2', 'emqx-3'];

/** A platform of which EC2 runs every host, or none. */
async function platform(runs: boolean, more: Partial<MqttPlatformArgs> = {}): Promise<ResourceGraph> {
  return graphOf(() => new MqttPlatform('mqtt', { ...args, ...more }), {
    'aws:ec2/getInstances:getInstances': { ids: runs ? ['i-0'] : [] },
  });
}

/** The platform above, of which EC2 runs every host, or none. */
let running: ResourceGraph;
let stopped: ResourceGraph;
beforeAll(async () => {
  running = await platform(true);
  stopped = await platform(false);
});

/** The hosts whose files an instance waits for, with which they have to be well. */
function awaited(graph: ResourceGraph, host: string): readonly string[] {
  const ancestors = graph.ancestorsOf(instance, `mqtt-${host}-instance`);
  return hosts.filter((other) => ancestors.has(`${command} mqtt-${other}-files`));
}

describe('hosts that run', () => {
  it('are replaced one after the other: the standby, the active balancer, then broker by broker', () => {
    const graph = running;
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

  it('are replaced once a neighbour has said that the others can do without them', () => {
    const graph = running;
    for (const host of hosts)
      expect(graph.ancestorsOf(instance, `mqtt-${host}-instance`)).toContain(`${command} mqtt-${host}-turn`);
    const { inputs } = graph.one(command, 'mqtt-emqx-1-turn');
    expect(inputs['create']).toMatch(/ broker\.spare emqx@10\.20\.\d+\.\d+; else true; fi$/);
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
    const after = await platform(true, { emqx: { brokers: 3, ...emqx } });
    expect(after.one(command, 'mqtt-emqx-1-turn').inputs['triggers']).not.toEqual([
      'debian-13',
      'amd64',
      1,
      't3.medium',
    ]);
  });

  it('ask about nothing else', async () => {
    const graph = await platform(true, { emqx: { brokers: 3, repairGeneration: 2 } });
    const { triggers } = graph.one(command, 'mqtt-emqx-1-turn').inputs;
    expect(triggers).toEqual(['debian-13', 'amd64', 1, 't3.medium']);
  });
});

describe('hosts that do not run', () => {
  it('are made at once, all of them', () => {
    const graph = stopped;
    for (const host of hosts) {
      expect(awaited(graph, host)).toEqual([]);
      expect(graph.ancestorsOf(instance, `mqtt-${host}-instance`)).not.toContain(
        `${command} mqtt-${host}-turn`,
      );
    }
  });
});

describe('a host that goes', () => {
  it('leaves before its instance is deleted, the last broker first, and the balancers after all brokers', () => {
    const graph = stopped;
    const leftAfter = (host: string) => {
      const ancestors = graph.ancestorsOf(local, `mqtt-${host}-leave`);
      return hosts.filter((other) => other !== host && ancestors.has(`${local} mqtt-${other}-leave`));
    };
    expect(leftAfter('emqx-3')).toEqual(['haproxy-1', 'haproxy-2', 'emqx-1', 'emqx-2']);
    expect(leftAfter('emqx-1')).toEqual(['haproxy-1', 'haproxy-2']);
    for (const host of hosts)
      expect(graph.one(local, `mqtt-${host}-leave`).inputs['triggers']).toEqual([`mqtt-${host}-instance-id`]);
  });

  it('leaves on the very instance that goes, within a time', () => {
    const graph = running;
    const broker = toldOf(graph, 'emqx-1');
    expect(broker.instanceId).toBe('mqtt-emqx-1-instance-id');
    expect(broker.leave.line).toMatch(/broker\.leave --timeout \d+/);
    expect(broker.leave.seconds).toBeGreaterThan(Number(/--timeout (\d+)/.exec(broker.leave.line)?.[1]));
    const balancer = toldOf(graph, 'haproxy-1');
    expect(balancer.leave.line).toMatch(/balancer\.leave/);
    for (const { line } of [broker.leave, broker.stay, balancer.leave])
      execFileSync('sh', ['-n', '-c', line]);
    // Here are none of the programs.
    execFileSync('sh', ['-c', broker.leave.line]);
    expect(() => execFileSync('sh', ['-c', broker.without.line])).toThrow(/status: 3|Command failed/);
  });

  it('is asked after among others of its kind, the same ones when one more comes', async () => {
    const asked = (graph: ResourceGraph) =>
      ['emqx-1', 'emqx-2', 'emqx-3'].map((host) =>
        toldOf(graph, host).others.map(({ hostname }) => hostname),
      );
    const both = [
      ['emqx-2', 'emqx-3'],
      ['emqx-1', 'emqx-3'],
      ['emqx-1', 'emqx-2'],
    ];
    expect(asked(running)).toEqual(both);
    expect(asked(await platform(true, { emqx: { brokers: 4 } }))).toEqual(both);
    const graph = running;
    expect(toldOf(graph, 'emqx-2').without.line).toMatch(
      new RegExp(`broker\\.without emqx@${toldOf(graph, 'emqx-2').host.address}; else exit 3; fi$`),
    );
    expect(toldOf(graph, 'haproxy-1').others.map(({ hostname }) => hostname)).toEqual(['haproxy-2']);
    expect(toldOf(graph, 'haproxy-1').without.line).toMatch(/balancer\.without; else/);
  });

  it('leaves nobody where all of its kind go', () => {
    const graph = running;
    const group = (kind: string) => `aws:ec2/securityGroup:SecurityGroup mqtt-${kind}-group`;
    expect(graph.optionsOf(local, 'mqtt-emqx-1-leave').deletedWith).toBe(group('brokers'));
    expect(graph.optionsOf(local, 'mqtt-haproxy-1-leave').deletedWith).toBe(group('balancers'));
  });

  it('tells no key in the open', () => {
    const graph = running;
    expect(graph.one(local, 'mqtt-emqx-1-leave').secretInputs).toContain('environment');
  });

  it('and stays after all starts again what it had stopped', () => {
    const graph = running;
    const lines = [
      toldOf(graph, 'emqx-1').stay.line,
      String(graph.one(command, 'mqtt-emqx-1-ready').inputs['create']),
    ];
    for (const line of lines) {
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

interface Task {
  readonly line: string;
  readonly seconds: number;
}

interface Told {
  readonly host: { readonly hostname: string; readonly address: string };
  readonly instanceId: string;
  readonly leave: Task;
  readonly stay: Task;
  readonly without: Task;
  readonly others: readonly { readonly hostname: string }[];
}

/** What the program that has a host leave is told. */
function toldOf(graph: ResourceGraph, host: string): Told {
  const environment = graph.one(local, `mqtt-${host}-leave`).inputs['environment'];
  const { EMQX_HAPROXY_LEAVING = '' } = environment as Readonly<Record<string, string>>;
  return JSON.parse(EMQX_HAPROXY_LEAVING) as Told;
}
