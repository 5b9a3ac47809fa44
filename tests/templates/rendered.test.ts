import { beforeAll, describe, expect, it } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { brokerFiles } from '../../components/brokers/files';
import { userData } from '../../components/host/userData';
import type { BalancerView } from '../../components/balancers/view';
import type { HostFile } from '../../components/host/fileSet';
import { balancerView, brokerView } from '../../proving/views';
import { makeCertificates, ticketKeys, type Certificates } from '../../proving/certificates';
import { systems, type System } from '../../proving/checkImage';
import { ask } from './checkImage';
import { everything, pairwiseListeners } from './options';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});

/** The files, with those that a host makes for itself. */
const contents = (files: readonly HostFile[]) => ({
  ...Object.fromEntries(files.map((file) => [file.path, file.content])),
  '/run/haproxy/mqtts-tickets.keys': ticketKeys,
  '/run/haproxy/wss-tickets.keys': ticketKeys,
});

function view(system: System, changes: Partial<BalancerView>): BalancerView {
  return balancerView({
    operatingSystem: system.os,
    haproxyVersion: system.haproxyVersion,
    keepalivedVersion: system.keepalivedVersion,
    tls: { minVersion: 'TLSv1.2', certificateChain: certificates.certificate, ticketLifetimeSeconds: 86_400 },
    ...changes,
  });
}

/** As needrestart reads its folder and looks for what is said of each unit. */
const needrestart = `
our %nrconf = (override_rc => { qr(^dbus) => 0 });
do '/etc/needrestart/conf.d/emqx-haproxy.conf'; die $@ if $@;
for my $unit (@ARGV) {
  my @said = map { $nrconf{override_rc}{$_} } grep { "$unit.service" =~ /$_/ } keys %{$nrconf{override_rc}};
  print "$unit ", @said ? $said[0] : 1, "\\n";
}`;

describe.each(systems)('on $image', (system) => {
  it('haproxy -c accepts every pair of options, without a warning', async () => {
    for (const { description, changes } of pairwiseListeners(certificates)) {
      const files = contents(balancerFiles(view(system, changes)));
      const verdict = await ask(system, ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], {
        ...files,
        '/etc/haproxy/certs/server.pem.key': certificates.key,
        '/etc/haproxy/certs/to-brokers.pem.key': certificates.key,
      });
      expect(verdict, description).toMatchObject({ exitCode: 0 });
      expect(verdict.said, description).not.toMatch(/WARNING|ALERT/);
    }
  });

  it('haproxy -c also accepts what is rendered for HAProxy 2.4, 2.8 and 3.2', async () => {
    for (const haproxyVersion of ['2.4', '2.8', '3.2']) {
      const files = contents(balancerFiles(view(system, { ...everything(certificates), haproxyVersion })));
      const verdict = await ask(system, ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], {
        ...files,
        '/etc/haproxy/certs/server.pem.key': certificates.key,
        '/etc/haproxy/certs/to-brokers.pem.key': certificates.key,
      });
      expect(verdict, haproxyVersion).toMatchObject({ exitCode: 0 });
    }
  });

  it('keepalived -t accepts every mode of the virtual IP, silently', async () => {
    const modes: BalancerView['virtualIp'][] = [
      balancerView().virtualIp,
      { mode: 'route', address: '10.99.0.1', routeTableIds: ['rtb-1'], interfaceId: 'eni-1' },
      { mode: 'privateIp', address: '10.20.0.30', subnetId: 'subnet-1', interfaceId: 'eni-1' },
    ];
    for (const virtualIp of modes) {
      for (const preempt of [false, true]) {
        const files = contents(
          balancerFiles(view(system, { virtualIp, keepalived: { ...balancerView().keepalived, preempt } })),
        );
        const folders = {
          '/run/emqx-haproxy/fault/haproxy': '0\n',
          '/run/emqx-haproxy/fault/vip': '0\n',
          '/run/emqx-haproxy/interface.conf': 'interface ens5\n',
        };
        const verdict = await ask(system, ['keepalived', '-t', '-f', '/etc/keepalived/keepalived.conf'], {
          ...files,
          ...folders,
        });
        expect(verdict, `${virtualIp.mode} ${String(preempt)}`).toEqual({ exitCode: 0, said: '' });
      }
    }
  });

  it.each(['enp39s0', 'ens34', 'enX0'])(
    'keepalived -t accepts what a host whose interface is %s starts it with, and no other interface',
    async (name) => {
      const files = balancerFiles(view(system, {}));
      const unit = files.find(({ path }) => path.endsWith('/keepalived.service.d/emqx-haproxy.conf'));
      const [, before = 'false'] = /^ExecStartPre=(.+ balancer\.interface)$/m.exec(unit?.content ?? '') ?? [];
      const check = 'keepalived -t -f /etc/keepalived/keepalived.conf';
      const network = [
        `ip link set ens5 name ${name}`,
        `ip address add ${view(system, {}).address}/24 dev ${name}`,
        `ip link set ${name} up`,
      ];
      const asked = (line: string) =>
        ask(system, ['sh', '-c', [...network, line].join(' && ')], {
          ...contents(files),
          '/run/emqx-haproxy/fault/haproxy': '0\n',
          '/run/emqx-haproxy/fault/vip': '0\n',
          '/run/emqx-haproxy/interface.conf': 'interface ens5\n',
        });
      expect(await asked(`${before} && ${check}`)).toEqual({ exitCode: 0, said: '' });
      expect((await asked(check)).exitCode).not.toBe(0);
    },
  );

  it('no upgrade at night restarts or upgrades a service of ours, or reboots the host', async () => {
    for (const [files, kept, others] of [
      [balancerFiles(view(system, {})), ['haproxy', 'keepalived', 'haproxy-watch', 'vip-agent'], 'ssh'],
      [brokerFiles(brokerView()), ['emqx', 'emqx-data', 'broker-agent'], 'cron'],
    ] as const) {
      const judged = await ask(system, ['perl', '-e', needrestart, ...kept, others], contents(files));
      expect(judged.said.trim().split('\n')).toEqual([...kept.map((unit) => `${unit} 0`), `${others} 1`]);
      const apt = await ask(system, ['apt-config', 'dump', 'Unattended-Upgrade'], contents(files));
      expect(apt.said).toContain('Automatic-Reboot "false"');
      expect(apt.said).toMatch(/Package-Blacklist:: "\^(haproxy|emqx)"/);
    }
  });

  it("cloud-init's schema accepts the user data of both roles", async () => {
    const repository = {
      name: 'emqx',
      url: 'https://repository.example/debian',
      keyUrl: 'https://repository.example/key',
      suite: 'trixie',
      component: 'main',
    };
    const programsArns = ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:programs'];
    const hosts = [
      { hostname: 'balancer-a', packages: ['haproxy', 'keepalived'], aptRepositories: [], files: balancerFiles(view(system, {})) },
      { hostname: 'broker-1', packages: ['emqx=5.8.9'], aptRepositories: [repository], files: brokerFiles(brokerView()) },
    ];
    for (const host of hosts) {
      const { text } = userData({ operatingSystem: system.os, programsArns, ...host });
      const verdict = await ask(system, ['cloud-init', 'schema', '--config-file', '/user-data'], { '/user-data': text });
      expect(verdict, host.hostname).toMatchObject({ exitCode: 0 });
      expect(verdict.said).not.toMatch(/[Ww]arning|[Dd]eprecat/);
    }
  });
});
