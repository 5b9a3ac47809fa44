import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configure, labOk, onHost, outputs, resetConfiguration } from '../cluster/lab';
import type { Outputs } from '../cluster/lab';
import { servedWithinMs } from '../cluster/mqtt';
import { holders, leftovers, letBrokersReach } from './ec2';

/** A short cluster for each way in which the address moves. */
const takeoverLimitSeconds = 20;
const probe = readFileSync(join(__dirname, 'probe.py'), 'utf8');
const port = 1883;
const listener = { maxConnections: 500 };
const atOnce = ['--yes', '--skip-preview', '--non-interactive'];

interface Mode {
  readonly mode: keyof typeof holders;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The address that is asked for in EC2's view, and by clients inside the VPC. */
  readonly address: (endpoint: string) => string;
  readonly clients: readonly ('internet' | 'vpc')[];
}

const modes: readonly Mode[] = [
  {
    mode: 'elasticIp',
    configuration: { network: { zoneCount: 2 } },
    address: (endpoint) => endpoint,
    clients: ['internet'],
  },
  {
    mode: 'route',
    configuration: {
      network: { zoneCount: 2 },
      virtualIp: { mode: 'route', address: '10.255.0.1' },
      haproxy: { keepalived: { preferred: 'haproxy-2' } },
    },
    address: (endpoint) => endpoint,
    clients: ['vpc'],
  },
  {
    mode: 'privateIp',
    configuration: {
      network: { zoneCount: 1 },
      virtualIp: { mode: 'privateIp', publicAddress: true },
    },
    address: () => '10.20.0.31',
    clients: ['vpc', 'internet'],
  },
];

describe.each(modes)('a virtual IP in mode $mode', ({ mode, configuration, address, clients }) => {
  let stack: Outputs;

  beforeAll(async () => {
    resetConfiguration();
    configure({
      emqx: { brokers: 1, dataVolumeGib: 1 },
      listeners: { mqtt: listener, mqtts: listener },
      ...configuration,
    });
    await labOk('down');
    await made();
  });

  afterAll(async () => {
    await labOk('down');
  });

  it('serves clients from where it can be reached', served);

  it('is left as it is by a second up, and by one after a refresh', async () => {
    await unchanged();
    await refreshed();
    await unchanged();
  });

  it('goes in one run of destroy before anybody has taken over, and leaves nothing', destroyed);

  it('is made again', made);

  it('moves when its holder is powered off, there and back, and Pulumi sees no change', async () => {
    for (const turn of ['there', 'back']) {
      const active = await holder();
      await labOk('fault', 'host', active, 'poweroff');
      await served();
      expect(await holder(), turn).not.toBe(active);
      // One of the two turns leads away from where `up` put the address.
      await labOk('pulumi', '--', 'preview', '--refresh', '--expect-no-changes', '--non-interactive');
      await labOk('heal', 'host', active);
      await vi.waitFor(
        async () =>
          expect(await onHost(active, 'cat', '/run/emqx-haproxy/metrics/vip.prom')).toContain(
            'emqx_haproxy_vip_master 0\n',
          ),
        { timeout: 60_000, interval: 500 },
      );
    }
  });

  it('is left as it is by another up after all that, and by one after a refresh', async () => {
    await unchanged();
    await refreshed();
    await unchanged();
    await served();
  });

  it('goes in one run of destroy after takeovers and a refresh, and leaves nothing', destroyed);

  async function made(): Promise<void> {
    await labOk('up');
    stack = await outputs();
    if (clients.includes('vpc')) await letBrokersReach(address(stack.endpoint), port);
  }

  async function unchanged(): Promise<void> {
    await labOk('pulumi', '--', 'up', ...atOnce, '--expect-no-changes');
  }

  async function refreshed(): Promise<void> {
    await labOk('pulumi', '--', 'refresh', ...atOnce);
  }

  async function destroyed(): Promise<void> {
    await labOk('pulumi', '--', 'destroy', ...atOnce);
    expect(await leftovers()).toEqual([]);
  }

  async function served(): Promise<void> {
    const { endpoint, users } = stack;
    const [user] = users;
    const tries = {
      internet: () => servedWithinMs(stack, takeoverLimitSeconds * 1000),
      vpc: () =>
        onHost(
          ...(['emqx-1', 'python3', '-c', probe, address(endpoint), `${port}`] as const),
          ...[`${takeoverLimitSeconds}`, user?.username ?? '', user?.password ?? ''],
        ),
    };
    for (const client of clients) await tries[client]();
  }

  /** The one holder in EC2's view. */
  async function holder(): Promise<string> {
    const names = await holders[mode](address(stack.endpoint));
    expect(names).toEqual([expect.stringMatching(/^haproxy-[12]$/)]);
    return names[0] ?? '';
  }
});
