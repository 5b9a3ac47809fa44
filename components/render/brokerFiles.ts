import { emqxConfig, seedsEnvironment } from './emqx';
import { applySettings, awsSettings, settingsFile } from './hostSettings';
import { brokerFileDescriptors, brokerSysctl } from './kernel';
import { sysctlFile } from './balancerFiles';
import type { BrokerView, FileChange, HostFile } from './model';
import { hostPrograms, programFiles, programFolder } from './programs';
import { render } from './template';
import { dataVolumeUnit, dropIn, programUnit } from './units';

const none: FileChange = { kind: 'none' };
const restart = (unit: string): FileChange => ({ kind: 'restart', unit });

/** Everything that a broker is, beside its packages and secrets. */
export function brokerFiles(view: BrokerView): HostFile[] {
  const drainTimeoutSeconds = view.agent.drainTimeoutSeconds ?? 30;
  return [
    {
      path: '/etc/emqx/emqx.conf',
      content: emqxConfig(view),
      mode: '0644',
      owner: 'root:root',
      change: restart('emqx'),
    },
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
        fileDescriptors: brokerFileDescriptors(view),
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
      faultWhenDead: false,
    }),
    ...(view.dataVolumeId === undefined ? [] : [dataVolumeUnit(view.dataVolumeId)]),
    sysctlFile(brokerSysctl(view)),
    // The agent reads it anew when it changes.
    settingsFile('agent', none, {
      port: view.agent.port,
      drain: view.agent.drain,
      weightPercent: view.agent.weightPercent,
    }),
    awsSettings(view.region, view.secrets, none),
    applySettings(
      'broker',
      [],
      [...(view.dataVolumeId === undefined ? [] : ['emqx-data']), 'broker-agent', 'emqx'],
      180,
    ),
    ...brokerPrograms(),
  ];
}

/** The programs of a broker, the same on all. */
export function brokerPrograms(): HostFile[] {
  return programFiles([...hostPrograms, 'broker.broker_agent', 'broker.data_volume', 'broker.health']);
}
