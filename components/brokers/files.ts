import type { FileChange, HostFile } from '../host/fileSet';
import { kernelFile } from '../host/kernel';
import { packagesFiles } from '../host/packages';
import { hostPrograms, programCommand, programFiles, programFolder } from '../host/programs';
import { applySettings, awsSettings, settingsFile } from '../host/settings';
import { unattendedFiles } from '../host/unattended';
import { dataVolumeUnit, dropIn, programUnit, unitFile } from '../host/units';
import { render } from '../rendering/template';
import { accessFiles, expectedAccess } from './accessConfig';
import { backupFiles, backupTimer } from './backup/files';
import { drainPace } from './draining';
import { emqxConfig, seedsEnvironment } from './emqxConfig';
import { tlsFiles } from './encryption';
import { settingsFiles } from './settings/files';
import type { BrokerView } from './view';

const none: FileChange = { kind: 'none' };
const restart = (unit: string): FileChange => ({ kind: 'restart', unit });

/** Everything that a broker is, beside its packages and secrets. */
export function brokerFiles(view: BrokerView): HostFile[] {
  const drainTimeoutSeconds = drainPace(view.listeners, view.seeds.length).seconds;
  return [
    {
      path: '/etc/emqx/emqx.conf',
      content: emqxConfig(view),
      mode: '0644',
      owner: 'root:root',
      change: restart('emqx'),
    },
    ...accessFiles(view),
    ...settingsFiles(view.settings),
    ...encryptionFiles(view),
    {
      path: '/etc/emqx-haproxy/seeds.env',
      content: seedsEnvironment(view),
      mode: '0644',
      owner: 'root:root',
      change: none,
    },
    dropIn(
      'emqx',
      render('broker/units/emqx.conf', {
        dataVolume: view.dataVolumeId !== undefined,
        fileDescriptors: fileDescriptorsOf(view),
        programFolder,
      }),
    ),
    unitFile(
      'emqx.service.d/emqx-haproxy-stop.conf',
      none,
      render('broker/units/emqx-stop.conf', {
        programFolder,
        drainTimeoutSeconds,
        // EMQX's own unit allows 120 s for an orderly end.
        stopTimeoutSeconds: drainTimeoutSeconds + 120,
      }),
    ),
    programUnit('broker-agent', 'broker.broker_agent', {
      description: 'Tells the balancers whether this broker takes clients',
      after: 'network-online.target',
      watchdogSeconds: 30,
    }),
    ...(view.dataVolumeId === undefined ? [] : [dataVolumeUnit(view.dataVolumeId)]),
    ...(view.backup === undefined ? [] : backupFiles(view.backup)),
    kernelFile({ maxConnections: view.maxConnections, fileDescriptors: fileDescriptorsOf(view) }),
    // The agent reads it anew when it changes.
    settingsFile('agent', none, {
      port: view.agent.port,
      drain: view.agent.drain,
      weightPercent: view.agent.weightPercent,
    }),
    settingsFile('access', none, expectedAccess(view)),
    ...packagesFiles(view.software),
    awsSettings(view.region, view.secrets, none),
    applySettings({
      role: 'broker',
      validate: [
        programCommand('broker.cookie'),
        ...(view.licensed === true
          ? [
              [
                ...programCommand('broker.licence'),
                String(view.maxConnections),
                String(view.dynamicMaxConnections),
              ],
            ]
          : []),
        // EMQX judges what is staged before it is in force; as its own user, whose script that is.
        ['/usr/sbin/runuser', '-u', 'emqx', '--', '/usr/bin/emqx', 'check_config'],
      ],
      enable: [
        ...(view.dataVolumeId === undefined ? [] : ['emqx-data']),
        'broker-agent',
        'emqx',
        ...(view.backup === undefined ? [] : [backupTimer]),
      ],
      healthTimeoutSeconds: 180,
      askBefore: { emqx: [...programCommand('broker.spare'), view.nodeName, '--own', ...view.seeds] },
      repairGeneration: view.repairGeneration,
    }),
    ...brokerPrograms(),
  ];
}

/** Erlang reads them anew every two minutes. */
function encryptionFiles({ encryption }: BrokerView): HostFile[] {
  if (encryption === undefined) return [];
  const pem = (path: string, text: string) => ({
    path,
    content: text.endsWith('\n') ? text : `${text}\n`,
    ...{ mode: '0644', owner: 'root:root', change: none },
  });
  return [
    pem(tlsFiles.certificate, encryption.certificate),
    pem(tlsFiles.balancersCa, encryption.balancersCa),
  ];
}

/** The programs of a broker, the same on all. */
export function brokerPrograms(): HostFile[] {
  const programs = programFiles([
    ...hostPrograms,
    'broker.access',
    'broker.backup',
    'broker.backups',
    'broker.broker_agent',
    'broker.cookie',
    'broker.data_volume',
    'broker.health',
    'broker.leave',
    'broker.licence',
    'broker.restore',
    'broker.spare',
    'broker.without',
    'broker.drift',
    'broker.servers',
    'broker.upgrades',
    'broker.whereabouts',
  ]);
  return [...programs, ...unattendedFiles(['emqx', 'broker-agent'], ['emqx'])];
}

/** EMQX's own unit gives 1048576; a connection is one descriptor, and its database and logs need some. */
function fileDescriptorsOf(view: BrokerView): number {
  return view.fileDescriptors ?? Math.max(1_048_576, view.maxConnections + 10_000);
}
