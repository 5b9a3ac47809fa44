import { drainPace } from '../brokers/draining';
import type { FileChange, HostFile } from '../host/fileSet';
import { kernelFile } from '../host/kernel';
import { packagesFiles } from '../host/packages';
import { hostPrograms, programCommand, programFiles, programFolder } from '../host/programs';
import { applySettings, awsSettings, settingsFile } from '../host/settings';
import { unattendedFiles } from '../host/unattended';
import { dropIn, programUnit, unitFile } from '../host/units';
import { render } from '../rendering/template';
import { haproxyConfig } from './haproxyConfig';
import { haproxyFiles } from './haproxyFiles';
import { keepalivedConfig } from './keepalivedConfig';
import type { BalancerLimits } from './limits';
import type { BalancerView } from './view';

/** In a folder that every system has: a check of a set sees one that it adds, and not the accounts made there. */
const accounts = '/usr/lib/sysusers.d/emqx-haproxy.conf';
const runtimeFiles = '/etc/tmpfiles.d/emqx-haproxy.conf';
/** The unit that waits for an HAProxy that does not answer. */
const hungPath = 'haproxy-hung.path';
const unchanged: FileChange = { kind: 'none' };

const restart = (unit: string): FileChange => ({ kind: 'restart', unit });
const reload = (unit: string): FileChange => ({ kind: 'reload', unit });

/** Everything that a balancer is, beside its packages and secrets. */
export function balancerFiles(view: BalancerView): HostFile[] {
  return [
    {
      path: '/etc/haproxy/haproxy.cfg',
      content: haproxyConfig(view),
      mode: '0640',
      owner: 'root:haproxy',
      change: reload('haproxy'),
    },
    ...haproxyFiles(view),
    {
      path: '/etc/keepalived/keepalived.conf',
      content: keepalivedConfig(view),
      mode: '0644',
      owner: 'root:root',
      change: reload('keepalived'),
    },
    settingsFile('watch', restart('haproxy-watch'), {
      intervalMs: 100,
      graceMs: view.keepalived.graceMs,
      advertMs: view.keepalived.advertIntervalMs,
      drainPerSecond: drainPace(view.listeners, view.brokers.length).perSecond,
    }),
    ...packagesFiles(view.software),
    awsSettings(view.region, view.secrets, restart('vip-agent'), { virtualIp: view.virtualIp }),
    applySettings({
      role: 'balancer',
      validate: [
        ['/usr/bin/systemd-sysusers', accounts],
        // Keepalived refuses a track_file that does not exist yet.
        ['/usr/bin/systemd-tmpfiles', '--create', runtimeFiles],
        // haproxy.cfg names its files, which are in no set.
        programCommand('balancer.tickets'),
        ['/usr/sbin/haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'],
        // keepalived.conf includes what it finds.
        programCommand('balancer.interface'),
        ['/usr/sbin/keepalived', '-t', '-f', '/etc/keepalived/keepalived.conf'],
      ],
      enable: ['haproxy', 'haproxy-watch', hungPath, 'vip-agent', 'keepalived'],
      healthTimeoutSeconds: 60,
      runtime: { haproxy: programCommand('balancer.haproxy_runtime') },
      together: true,
    }),
    ...balancerPrograms(view.limits),
  ];
}

/** HAProxy writes a line for each session. The journal is bounded; what Ubuntu's rsyslog copies out of it is not. */
const journalSettings: HostFile = {
  path: '/etc/systemd/journald.conf.d/emqx-haproxy.conf',
  content: '[Journal]\nForwardToSyslog=no\n',
  mode: '0644',
  owner: 'root:root',
  change: restart('systemd-journald'),
};

/**
 * A line for each connection would wake it each time, in the middle of HAProxy's writing, whose other threads then drop
 * their lines: so it takes many at once, with at least a tenth of a processor that others want too.
 */
const journalPriority = '[Service]\nNice=10\n';

/** What is the same on all balancers of a pair: their programs, what runs these, and what both have to bear. */
export function balancerPrograms(limits: BalancerLimits): HostFile[] {
  const programs = programFiles([
    ...hostPrograms,
    ...[
      'condition',
      'haproxy_reload',
      'haproxy_runtime',
      'haproxy_watch',
      'health',
      'hung',
      'interface',
      'leave',
      'without',
      'sessions',
      'stray_address',
      'tickets',
      'to_broker',
      'vip_agent',
    ].map((name) => `balancer.${name}`),
  ]);
  const bounds = [
    kernelFile(limits, limits),
    dropIn('haproxy', `[Service]\nLimitNOFILE=${limits.fileDescriptors}\n`, 'emqx-haproxy-limits'),
  ];
  return [...programs, ...[...units(), ...bounds].map((file): HostFile => ({ ...file, withPrograms: true }))];
}

function units(): HostFile[] {
  return [
    dropIn('haproxy', render('balancer/units/haproxy.conf', { programFolder })),
    dropIn('haproxy', render('balancer/units/haproxy-rights.conf', {}), 'emqx-haproxy-rights'),
    journalSettings,
    dropIn('systemd-journald', journalPriority),
    ...unattendedFiles(['haproxy', 'keepalived', 'vip-agent'], ['haproxy', 'keepalived']),
    dropIn('keepalived', render('balancer/units/keepalived.conf', { programFolder })),
    programUnit('haproxy-watch', 'balancer.haproxy_watch', {
      description: 'Watches HAProxy for Keepalived and closes the sessions of down brokers',
      after: 'haproxy.service',
      watchdogSeconds: 5,
      confined: { user: 'haproxy-watch', network: false },
    }),
    programUnit('vip-agent', 'balancer.vip_agent', {
      description: 'Tells EC2 which balancer holds the virtual IP',
      after: 'network-online.target',
      // One call to EC2 may take 10 s.
      watchdogSeconds: 30,
      confined: { user: 'vip-agent', network: true },
    }),
    unitFile(hungPath, restart(hungPath), render('balancer/units/haproxy-hung.path', {})),
    unitFile(
      'haproxy-hung.service',
      unchanged,
      render('balancer/units/haproxy-hung.service', { programFolder }),
    ),
    ...[
      { path: accounts, content: render('balancer/sysusers.conf', {}) },
      { path: runtimeFiles, content: render('balancer/tmpfiles.conf', {}) },
    ].map((file) => ({ ...file, mode: '0644', owner: 'root:root', change: unchanged })),
  ];
}
