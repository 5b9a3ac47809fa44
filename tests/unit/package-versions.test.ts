import { describe, expect, it } from 'vitest';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import type { HaproxyArgs } from '../../components';
import { balancerFiles } from '../../components/balancers/files';
import { planSoftware } from '../../components/balancers/software';
import { brokerFiles } from '../../components/brokers/files';
import { bootSoftware } from '../../components/host/packages';
import { Problems } from '../../components/rendering/problems';
import { balancerView, brokerView } from '../../proving/views';
import { graphOf } from './resourceGraph';

const ssh = { allowedCidrs: ['198.51.100.7/32'] };

function packagesOf(files: ReturnType<typeof balancerFiles>): unknown {
  return JSON.parse(files.find(({ path }) => path === '/etc/emqx-haproxy/packages.json')?.content ?? '');
}

function balancerSoftware(haproxy: Parameters<typeof planSoftware>[0]) {
  return planSoftware(haproxy, { operatingSystem: 'debian-13' }, new Problems());
}

describe('a version of a package', () => {
  it('is what a new host installs, and a file of running hosts, so that they get it in their order', () => {
    const software = balancerSoftware({ version: '3.0.11-1+deb13u1' });
    expect(bootSoftware(software).packages).toEqual(['haproxy=3.0.11-1+deb13u1', 'keepalived']);
    expect(packagesOf(balancerFiles(balancerView({ software })))).toMatchObject({
      packages: [
        { name: 'haproxy', version: '3.0.11-1+deb13u1', unit: 'haproxy', stopped: false },
        { name: 'keepalived', version: null },
      ],
    });
  });

  it('of EMQX comes with its repository, to a broker that is stopped, and only where it may follow', () => {
    expect(packagesOf(brokerFiles(brokerView()))).toMatchObject({
      packages: [
        {
          name: 'emqx',
          version: '5.8.9',
          stopped: true,
          guard: ['/usr/bin/python3', '/usr/local/lib/emqx-haproxy', 'broker.upgrades'],
        },
      ],
      repositories: [{ name: 'emqx', url: 'https://packagecloud.io/emqx/emqx/debian', suite: 'trixie' }],
    });
  });

  it('may have an epoch', () => {
    expect(checkMqttPlatformArgs('mqtt', { ssh, haproxy: { keepalived: { version: '1:2.3.4-1' } } })).toEqual(
      [],
    );
  });

  it.each([
    [{ version: '3.2.1-1' }, 'haproxy.version', /is "3\.2\.1-1"; .* of the line .*: 3\.0, such as 3\.0\.1-1/],
    [{ version: '3.0.1 -1' }, 'haproxy.version', /as the distribution names it/],
    [{ version: '3.01' }, 'haproxy.version', /of the line/],
    [{ keepalived: { version: '2.2.7-1' } }, 'haproxy.keepalived.version', /: 2\.3, such as/],
    [{ operatingSystem: 'debian-12' as const, version: '3.0.11-1' }, 'haproxy.version', /: 2\.6, such as/],
  ])('that is none of its line is refused: %o', (haproxy, path, reason) => {
    const told = checkMqttPlatformArgs('mqtt', { ssh, haproxy });
    expect(told).toEqual([{ path, reason: expect.stringMatching(reason) as string }]);
  });
});

describe('security updates that are rolled', () => {
  const updates = {
    security: 'rolling',
    generation: 2,
    window: { from: '22:00', to: '05:00' },
  } as const;
  const machine = { operatingSystem: 'debian-13', updates } as const;
  const files = balancerFiles(balancerView({ software: planSoftware({}, machine, new Problems()) }));

  it('come with their generation in a file of the hosts, and nothing comes at night any more', () => {
    expect(packagesOf(files)).toMatchObject({
      security: { generation: 2, window: { from: '22:00', to: '05:00' } },
    });
    const paths = files.map(({ path }) => path);
    expect(paths).toContain('/etc/apt/apt.conf.d/98emqx-haproxy-updates');
    expect(paths).toContain('/etc/needrestart/conf.d/emqx-haproxy-updates.conf');
  });

  it('are off by default, and the nights are as the image has them', () => {
    const usual = balancerFiles(balancerView());
    expect(packagesOf(usual)).toMatchObject({ security: null });
    expect(usual.map(({ path }) => path)).not.toContain('/etc/apt/apt.conf.d/98emqx-haproxy-updates');
  });

  it('have a host reboot once the one before it is well, and the next wait for it', async () => {
    const made = async (haproxy: HaproxyArgs) =>
      graphOf(() => new MqttPlatform('mqtt', { ssh, haproxy, listeners: { mqtts: {} } }));
    const type = 'command:remote:Command';
    const [before, rolled] = [await made({}), await made({ updates })];
    const triggersIn = ({ inputs }: { inputs: Record<string, unknown> }) => inputs['triggers'] as unknown[];
    expect(before.resources.filter(({ name }) => name.endsWith('-reboot'))).toEqual([]);
    expect(triggersIn(rolled.one(type, 'mqtt-haproxy-1-secrets'))).toEqual([
      ...triggersIn(before.one(type, 'mqtt-haproxy-1-secrets')),
      2,
    ]);
    expect(rolled.optionsOf(type, 'mqtt-haproxy-1-reboot').dependsOn).toEqual(
      expect.arrayContaining([`${type} mqtt-haproxy-1-confirmed`, `${type} mqtt-haproxy-2-secrets`]),
    );
    expect(rolled.optionsOf(type, 'mqtt-haproxy-1-secrets').dependsOn).toContain(
      `${type} mqtt-haproxy-1-reboot`,
    );
  }, 60_000);

  it.each([
    [{ security: 'sometimes' }, 'haproxy.updates.security', /rolling/],
    [{ security: 'rolling', window: { from: '2:00', to: '05:00' } }, 'haproxy.updates.window.from', /in UTC/],
    [
      { security: 'rolling', window: { from: '02:00', to: '02:00' } },
      'haproxy.updates.window',
      /leave it out/,
    ],
  ])('%o is refused', (given, path, reason) => {
    const haproxy = { updates: given } as HaproxyArgs;
    const told = checkMqttPlatformArgs('mqtt', { ssh, haproxy });
    expect(told).toEqual([{ path, reason: expect.stringMatching(reason) as string }]);
  });
});
