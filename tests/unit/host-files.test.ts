import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { balancerFiles, balancerPrograms } from '../../components/balancers/files';
import { brokerFiles, brokerPrograms } from '../../components/brokers/files';
import { fetchedPrograms, packedPrograms } from '../../components/host/programs';
import { renderFileSet } from '../../components/host/fileSet';
import { secretString } from '../../components/host/secrets';
import { userData } from '../../components/host/userData';
import type { HostFile } from '../../components/host/fileSet';
import type { HostUserData } from '../../components/host/userData';
import type { Listener } from '../../components/listeners/listener';
import { balancerView, brokerView, certificate, listener } from '../../proving/views';

const file: HostFile = {
  path: '/etc/a.conf',
  content: 'a\n',
  mode: '0644',
  owner: 'root:root',
  change: { kind: 'reload', unit: 'a' },
};

function contentOf(files: readonly HostFile[], path: string): string {
  const found = files.find((each) => each.path === path);
  if (found === undefined)
    throw new Error(`no ${path}; there are ${files.map((each) => each.path).join(', ')}`);
  return found.content;
}

/** Below the folder of a host's programs. */
const programsIn = (files: readonly HostFile[]) =>
  files.flatMap(({ path }) => /(?<=^\/usr\/local\/lib\/emqx-haproxy\/).*$/.exec(path)?.[0] ?? []);

const headersIn = (set: string) => set.match(/^=== .*$/gm) ?? [];

describe('a file set', () => {
  it('is a header and the content of each file, in the order of the paths', () => {
    const other: HostFile = { ...file, path: '/etc/a-b', change: { kind: 'sysctl' } };
    expect(renderFileSet([file, other])).toBe(
      '=== /etc/a-b mode=0644 owner=root:root change=sysctl\na\n' +
        '=== /etc/a.conf mode=0644 owner=root:root change=reload:a\na\n',
    );
  });

  it.each([
    [{ path: 'etc/a' }, 'not an absolute path'],
    [{ path: '/etc/../root/a' }, 'not an absolute path'],
    [{ path: '/etc/a b' }, 'not an absolute path'],
    [{ mode: '644' }, 'mode is "644", not like 0644'],
    [{ owner: 'root' }, 'owner is "root", not like root:root'],
    [{ content: 'a' }, 'does not end with a newline'],
    [{ content: 'a\n=== /etc/shadow mode=0644\n' }, 'begins with "=== /"'],
    [{ content: 'a\r\n' }, 'control characters'],
    [{ change: { kind: 'restart', unit: 'a b' } } as const, 'no unit name'],
  ])('refuses %o', (changes, message) => {
    expect(() => renderFileSet([{ ...file, ...changes }])).toThrow(message);
  });

  it('refuses a path that is there twice', () => {
    expect(() => renderFileSet([file, file])).toThrow('/etc/a.conf: twice in one file set');
  });
});

describe('a balancer', () => {
  const files = balancerFiles(balancerView());

  it('is in FAULT until its watcher says otherwise, and hears of the other by unicast', () => {
    const keepalived = contentOf(files, '/etc/keepalived/keepalived.conf');
    expect(keepalived).toMatch(/track_file \{\n +haproxy\n +vip\n/);
    const made = contentOf(files, '/etc/tmpfiles.d/emqx-haproxy.conf');
    expect(made).toMatch(/^f \/run\/emqx-haproxy\/fault\/haproxy .* 1$/m);
    expect(made).toMatch(/^f \/run\/emqx-haproxy\/fault\/vip .* 0$/m);
    expect(keepalived).toMatch(/unicast_peer \{\n +10\.20\.1\.10\n +\}/);
    expect(keepalived).toContain('advert_int 0.1\n');
    expect(keepalived).toContain('nopreempt');
  });

  it('has journald take many lines at once, without another way of its own to be started', () => {
    const path = '/etc/systemd/system/systemd-journald.service.d/emqx-haproxy.conf';
    expect(contentOf(files, path)).toBe('[Service]\nNice=10\n');
    expect(files.find((each) => each.path === path)?.change).toEqual({
      kind: 'restart',
      unit: 'systemd-journald',
    });
  });

  it('advertises the same address as its peer where each has one of its own behind the Elastic IP', () => {
    const advertised = /virtual_ipaddress \{\n +(\S+)/;
    const peer = balancerView({
      virtualIp: {
        mode: 'elasticIp',
        privateAddress: '10.20.1.20',
        allocationId: 'a',
        interfaceId: 'b',
        publicAddress: 'c',
      },
    });
    const own = contentOf(files, '/etc/keepalived/keepalived.conf');
    const others = contentOf(balancerFiles(peer), '/etc/keepalived/keepalived.conf');
    expect(advertised.exec(own)?.[1]).toBe(advertised.exec(others)?.[1]);
    expect(own).toMatch(/virtual_ipaddress_excluded \{\n +10\.20\.0\.20\/32 dev lo/);
  });

  it('holds the overlay address itself in route mode, and preempts only when told', () => {
    const view = balancerView({
      virtualIp: { mode: 'route', address: '10.99.0.1', routeTableIds: ['rtb-1'], interfaceId: 'eni-1' },
      keepalived: { ...balancerView().keepalived, preempt: true },
    });
    const keepalived = contentOf(balancerFiles(view), '/etc/keepalived/keepalived.conf');
    expect(keepalived).toMatch(/virtual_ipaddress \{\n +10\.99\.0\.1\/32 dev lo/);
    expect(keepalived).not.toContain('excluded');
    expect(keepalived).not.toContain('nopreempt');
  });

  it('refuses adverts that VRRPv3 cannot count and a router id out of range', () => {
    const keepalived = balancerView().keepalived;
    const withKeepalived = (changes: object) => () =>
      balancerFiles(balancerView({ keepalived: { ...keepalived, ...changes } }));
    expect(withKeepalived({ advertIntervalMs: 5 })).toThrow('advertIntervalMs is 5; allowed: 10 or more');
    expect(withKeepalived({ routerId: 256 })).toThrow('routerId is 256; allowed: 1 to 255');
  });

  it('starts HAProxy with its environment, descriptors and master socket, and reloads it only when valid', () => {
    const unit = contentOf(files, '/etc/systemd/system/haproxy.service.d/emqx-haproxy.conf');
    expect(unit).toContain('EnvironmentFile=/etc/emqx-haproxy/secrets/haproxy.env');
    expect(unit).toContain('-S /run/haproxy/master.sock');
    const limits = contentOf(files, '/etc/systemd/system/haproxy.service.d/emqx-haproxy-limits.conf');
    expect(limits).toContain('LimitNOFILE=6000');
    expect(unit.indexOf('ExecReload=/usr/sbin/haproxy -Ws -c')).toBeLessThan(
      unit.indexOf('balancer.haproxy_reload $MAINPID'),
    );
  });

  it('restarts a resident program when it or a module that it imports changes', () => {
    const unit = contentOf(files, '/etc/systemd/system/haproxy-watch.service');
    expect(unit).toMatch(/^# Runs code [0-9a-f]{12}\.$/m);
    expect(files.find((each) => each.path.endsWith('haproxy-watch.service'))?.change).toEqual({
      kind: 'restart',
      unit: 'haproxy-watch',
    });
  });

  it('brings every module that its programs import', () => {
    const names = programsIn(files);
    for (const each of ['cloud/aws.py', 'cloud/__init__.py', 'balancer/haproxy_socket.py', 'apply/update.py'])
      expect(names).toContain(each);
  });

  it('has no program of the other role, nor any test', () => {
    expect(programsIn(files).filter((each) => /^broker\/|test/.test(each))).toEqual([]);
    const ofBrokers = programsIn(brokerFiles(brokerView()));
    expect(ofBrokers.filter((each) => /balancer|haproxy|test/.test(each))).toEqual([]);
    expect(ofBrokers).toContain('broker/broker_agent.py');
  });

  it('keeps what only AWS knows in one file', () => {
    const aws: unknown = JSON.parse(contentOf(files, '/etc/emqx-haproxy/aws.json'));
    expect(aws).toMatchObject({
      region: 'eu-central-1',
      secrets: [{ file: '/etc/haproxy/certs/server.pem.key', change: 'runtime:haproxy' }],
      virtualIp: { mode: 'elasticIp', allocationId: 'eipalloc-1' },
    });
    const others = files.filter((each) => !each.path.endsWith('/aws.json'));
    for (const each of others) expect(each.content).not.toMatch(/eipalloc-1|eni-1|arn:aws/);
  });
});

describe('a broker', () => {
  it("gives root no file by EMQX's configuration, which EMQX's user may have replaced by a link", () => {
    const unit = contentOf(brokerFiles(brokerView()), '/etc/systemd/system/emqx.service.d/emqx-haproxy.conf');
    const chowns = unit.match(/^.*\bchown\b.*$/gm) ?? [];
    expect(chowns).toEqual([expect.stringContaining('--no-dereference')]);
  });

  it('has a plain listener for each of the balancers, with their PROXY protocol, and no default one', () => {
    const listeners = [listener('mqtt'), listener('mqtts'), listener('wss', { path: '/iot' })];
    const emqx = contentOf(brokerFiles(brokerView({ listeners })), '/etc/emqx/emqx.conf');
    for (const kind of ['tcp', 'ssl', 'ws', 'wss'])
      expect(emqx).toContain(`listeners.${kind}.default.enable = false`);
    expect(emqx).toMatch(/listeners\.tcp\.mqtts \{\n +bind = "0\.0\.0\.0:1884"/);
    expect(emqx).toMatch(/listeners\.ws\.wss \{[^}]*proxy_protocol = true[^}]*mqtt_path = "\/iot"/);
    const many = [listener('mqtts', { furtherBrokerPorts: { first: 20_101, count: 2 } })];
    const opened = contentOf(brokerFiles(brokerView({ listeners: many })), '/etc/emqx/emqx.conf');
    expect(
      [...opened.matchAll(/^listeners\.(tcp\.\w+) \{\n +bind = "(.+)"/gm)].map((found) => found.slice(1)),
    ).toEqual([
      ['tcp.mqtts', '0.0.0.0:1884'],
      ['tcp.mqtts_2', '0.0.0.0:20101'],
      ['tcp.mqtts_3', '0.0.0.0:20102'],
    ]);
    const plain = brokerFiles(brokerView({ listeners, proxyProtocol: false }));
    expect(contentOf(plain, '/etc/emqx/emqx.conf')).not.toContain('proxy_protocol = true');
  });

  it('accepts as its listener says, on each of its ports', () => {
    const conf = (changes: Parameters<typeof listener>[1]) =>
      contentOf(brokerFiles(brokerView({ listeners: [listener('mqtts', changes)] })), '/etc/emqx/emqx.conf');
    expect(conf({})).toMatch(/listeners\.tcp\.mqtts \{[^}]*acceptors = 16\n/);
    expect(conf({})).not.toContain('max_conn_rate');
    const furtherBrokerPorts = { first: 20_101, count: 1 };
    const both = conf({ acceptors: 64, connectionsPerSecond: 500, furtherBrokerPorts });
    expect(both.match(/acceptors = 64\n +max_conn_rate = "500\/s"/g)).toHaveLength(2);
  });

  it('is not restarted when another broker joins', () => {
    const seeds = ['emqx@10.20.2.1', 'emqx@10.20.2.2', 'emqx@10.20.2.3', 'emqx@10.20.2.4'];
    const before = brokerFiles(brokerView());
    const after = brokerFiles(brokerView({ seeds }));
    const changed = after.filter(({ path, content }) => contentOf(before, path) !== content);
    expect(changed.map(({ path, change }) => [path, change.kind])).toEqual([
      ['/etc/emqx-haproxy/seeds.env', 'none'],
      // Before a restart it asks for all of them.
      ['/etc/emqx-haproxy/apply.json', 'none'],
    ]);
    expect(contentOf(after, '/etc/emqx-haproxy/seeds.env')).toBe(
      `EMQX_CLUSTER__STATIC__SEEDS='${JSON.stringify(seeds)}'\n`,
    );
  });

  it('refuses a seed that is no node name', () => {
    const seeds = [`emqx@10.20.2.1'\nEMQX_X=1`];
    expect(() => brokerFiles(brokerView({ seeds }))).toThrow('is no node name like emqx@10.0.0.5');
  });

  describe('takes a client certificate as identity', () => {
    const mutual = { verify: 'required', ca: certificate } as const;
    const withIdentity = (name: 'mqtts' | 'wss', identity: 'none' | 'username' | 'clientid') =>
      listener(name, { clientCertificates: { ...mutual, identity } });
    const configOf = (...listeners: Listener[]) =>
      contentOf(
        brokerFiles(brokerView({ listeners: [listener('mqtt'), ...listeners] })),
        '/etc/emqx/emqx.conf',
      );
    const zoneOf = (config: string, kind: string, name: string) =>
      new RegExp(`^listeners\\.${kind}\\.${name} \\{\n(?: .*\n)*? +zone = (\\S+)$`, 'm').exec(config)?.[1];

    it('by one setting where all listeners that demand one say the same', () => {
      const config = configOf(withIdentity('mqtts', 'username'));
      expect(config).toContain('\nmqtt.peer_cert_as_username = cn\n');
      expect(config).not.toContain('zone');
    });

    it.each([
      ['username', 'clientid'],
      ['username', 'none'],
      ['none', 'clientid'],
    ] as const)('on the listener that says so where one is %s and another %s', (mqtts, wss) => {
      const config = configOf(withIdentity('mqtts', mqtts), withIdentity('wss', wss));
      expect(config).not.toMatch(/^mqtt\.peer_cert/m);
      for (const [kind, name, identity] of [
        ['tcp', 'mqtts', mqtts],
        ['ws', 'wss', wss],
      ] as const) {
        const zone = zoneOf(config, kind, name);
        if (identity === 'none') expect(zone).toBeUndefined();
        else expect(config).toContain(`\nzones.${zone ?? ''}.mqtt.peer_cert_as_${identity} = cn\n`);
      }
      expect(zoneOf(config, 'tcp', 'mqtt')).toBeUndefined();
    });
  });

  it('is started again at once when it was killed, however often', () => {
    const unit = contentOf(brokerFiles(brokerView()), '/etc/systemd/system/emqx.service.d/emqx-haproxy.conf');
    expect(unit).toMatch(/^RestartSec=2s$/m);
    expect(unit).toMatch(/^\[Unit\](\n.+)*\nStartLimitIntervalSec=0$/m);
  });

  it('needs its data volume, and moves its clients before it stops', () => {
    const files = brokerFiles(brokerView());
    const unit = contentOf(files, '/etc/systemd/system/emqx.service.d/emqx-haproxy.conf');
    expect(unit).toContain('Requires=emqx-data.service');
    const stop = contentOf(files, '/etc/systemd/system/emqx.service.d/emqx-haproxy-stop.conf');
    expect(stop).toMatch(/ExecStop=\nExecStop=\+-.* broker\.broker_agent drain --timeout 30\n/);
    expect(contentOf(files, '/etc/systemd/system/emqx-data.service')).toContain(
      'broker.data_volume vol-0123456789abcdef0',
    );
    const { dataVolumeId, ...view } = brokerView();
    expect(dataVolumeId).toBeDefined();
    const unitWithout = contentOf(brokerFiles(view), '/etc/systemd/system/emqx.service.d/emqx-haproxy.conf');
    expect(unitWithout).not.toContain('emqx-data');
  });
});

describe('user data', () => {
  const host: HostUserData = {
    hostname: 'broker-1',
    operatingSystem: 'debian-13',
    packages: ['emqx=5.8.9'],
    aptRepositories: [
      {
        name: 'emqx',
        url: 'https://repository.example/debian',
        keyUrl: 'https://repository.example/key',
        suite: 'trixie',
        component: 'main',
      },
    ],
    files: brokerFiles(brokerView()),
    programsArns: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:programs'],
  };

  it('holds the set as it is, but for the programs that the host fetches, and unpacks to the text', () => {
    const { text, gzipped } = userData(host);
    expect(gunzipSync(gzipped).toString()).toBe(text);
    const config = parse(text) as { write_files: { path: string; content: string }[] };
    const first = config.write_files.at(-1)?.content ?? '';
    expect(first.match(/(?<=^=== .*emqx-haproxy\/)[\w/]+\.py/gm)).toEqual([
      'apply/__init__.py',
      'apply/file_set.py',
      'apply/first_boot.py',
      'apply/secret_files.py',
      'apply_config.py',
      'cloud/__init__.py',
      'cloud/aws.py',
    ]);
    const fetched = fetchedPrograms(host.files);
    expect(headersIn(first + fetched).toSorted()).toEqual(headersIn(renderFileSet(host.files)));
    const digest = createHash('sha256').update(fetched).digest('hex');
    expect(text).toContain(`--boot /var/lib/emqx-haproxy/boot.set ${host.programsArns.join()} ${digest} `);
  });

  it.each([
    ['balancer', balancerPrograms(balancerView().limits), balancerFiles(balancerView())],
    ['broker', brokerPrograms(), brokerFiles(brokerView())],
  ])(
    'of a %s names the digest of what its role stores, which secrets have room for',
    (_role, programs, files) => {
      expect(fetchedPrograms(files)).toBe(fetchedPrograms(programs));
      const parts = packedPrograms(programs).map((files) => secretString('programs', { files }));
      expect(parts.length).toBeGreaterThan(0);
    },
  );

  it('of programs that one secret has no room for names the secrets of all parts, in order', () => {
    const noise = Array.from({ length: 9_000 }, (_, index) => Math.sin(index).toString(36)).join('\n');
    const program = { ...file, path: '/usr/local/lib/emqx-haproxy/large.py', content: `${noise}\n` };
    const parts = packedPrograms([program]);
    expect(parts.length).toBe(2);
    for (const files of parts) expect(() => secretString('programs', { files })).not.toThrow();
    const programsArns = ['arn:first', 'arn:second'];
    expect(userData({ ...host, programsArns }).text).toContain(' arn:first,arn:second ');
  });

  it('names the repository of its packages', () => {
    expect(parse(userData(host).text)).toMatchObject({
      hostname: 'broker-1',
      write_files: expect.arrayContaining([
        {
          path: '/etc/apt/sources.list.d/emqx.list',
          content:
            'deb [signed-by=/etc/apt/keyrings/emqx.asc] https://repository.example/debian trixie main\n',
        },
      ]) as unknown,
    });
  });

  it('refuses a repository key that is not fetched over https', () => {
    const aptRepositories = host.aptRepositories.map((each) => ({
      ...each,
      keyUrl: 'http://repository.example/key',
    }));
    expect(() => userData({ ...host, aptRepositories })).toThrow('allowed: an https:// URL');
  });

  it('that EC2 would refuse is an error that names the largest files', () => {
    const noise = Array.from({ length: 3_000 }, (_, index) => Math.sin(index).toString(36)).join('\n');
    const files = [...host.files, { ...file, path: '/etc/large', content: `${noise}\n` }];
    expect(() => userData({ ...host, files })).toThrow(
      /^the user data of broker-1 is \d+ bytes gzipped; EC2 allows 16384\.\n(.*\n) +\d+ {2}\/etc\/large\n/,
    );
  });
});
