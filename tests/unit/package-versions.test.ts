import { describe, expect, it } from 'vitest';
import { checkMqttPlatformArgs } from '../../components';
import { balancerFiles } from '../../components/balancers/files';
import { planSoftware } from '../../components/balancers/software';
import { brokerFiles } from '../../components/brokers/files';
import { bootSoftware } from '../../components/host/packages';
import { Problems } from '../../components/rendering/problems';
import { balancerView, brokerView } from '../../proving/views';

const ssh = { allowedCidrs: ['198.51.100.7/32'] };

function packagesOf(files: ReturnType<typeof balancerFiles>): unknown {
  return JSON.parse(files.find(({ path }) => path === '/etc/emqx-haproxy/packages.json')?.content ?? '');
}

function balancerSoftware(haproxy: Parameters<typeof planSoftware>[0]) {
  return planSoftware(haproxy, 'debian-13', new Problems());
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
