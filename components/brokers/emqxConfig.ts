import { brokerPortsOf } from '../listeners/brokerPorts';
import type { Listener } from '../listeners/listener';
import { isWebSocket } from '../listeners/listener';
import { accessOf } from './access';
import { accessFile } from './accessConfig';
import { anonymousZone } from './aclFile';
import { opensPlainPorts, opensTlsPorts, overTls, tlsFiles } from './encryption';
import { renderHocon } from './hocon';
import { secretFiles } from './secrets';
import { settingsPath } from './settings/files';
import type { View } from '../rendering/template';
import { render } from '../rendering/template';
import type { BrokerView } from './view';

/** emqx.conf: one broker listener for each balancer listener; clients' TLS ends at the balancers. */
export function emqxConfig(view: BrokerView): string {
  const { atStart } = view.settings;
  const step = view.encryption?.step ?? 'none';
  const hasAtStart = Object.keys(atStart).length > 0;
  return render('broker/emqx.conf', {
    platform: view.platform,
    brokerName: view.name,
    nodeName: view.nodeName,
    clusterName: view.clusterName,
    maxPorts: Math.max(65_536, view.maxConnections * 2),
    dashboardPort: view.dashboardPort,
    includes: [secretFiles.node, accessFile, settingsPath, secretFiles.access],
    atStart: hasAtStart && { lines: renderHocon(atStart).trimEnd().split('\n') },
    apiKeys: secretFiles.apiKeys,
    licence: view.licensed === true && { file: secretFiles.licence },
    hasAnonymous: view.listeners.some(({ anonymous }) => anonymous === true),
    anonymousZone,
    peerCertificate: peerCertificateSettings(view.listeners),
    listeners: [
      ...(opensPlainPorts(step) ? listenerViews(view, view.listeners, false) : []),
      ...(opensTlsPorts(step) ? listenerViews(view, view.listeners.map(overTls), true) : []),
    ],
  });
}

/** One for each port. */
function listenerViews(view: BrokerView, listeners: readonly Listener[], encrypted: boolean): View[] {
  return listeners.flatMap((listener) => {
    const websocket = isWebSocket(listener);
    const access = accessOf(listener, view.authentication);
    return brokerPortsOf(listener).map((brokerPort, index) => ({
      kind: websocket ? (encrypted ? 'wss' : 'ws') : encrypted ? 'ssl' : 'tcp',
      name: index === 0 ? listener.name : `${listener.name}_${index + 1}`,
      brokerPort,
      maxConnections: view.maxConnections,
      acceptors: listener.acceptors ?? 16,
      rate: listener.connectionsPerSecond !== undefined && { perSecond: listener.connectionsPerSecond },
      proxyProtocol: view.proxyProtocol ? 'true' : 'false',
      proxied: view.proxyProtocol,
      unasked: access !== 'chain',
      anonymous: access === 'anonymous',
      websocket: websocket && { path: listener.path },
      tls: encrypted && { ...tlsFiles, key: secretFiles.listenersKey },
    }));
  });
}

/**
 * The seeds as a file of their own: they are read at a start only, so a broker that joins restarts no other, which
 * a changed emqx.conf would.
 */
export function seedsEnvironment(view: BrokerView): string {
  const node = /^[A-Za-z0-9._-]+@[A-Za-z0-9._-]+$/;
  const wrong = view.seeds.find((seed) => !node.test(seed));
  if (wrong !== undefined)
    throw new Error(`seeds: ${JSON.stringify(wrong)} is no node name like emqx@10.0.0.5`);
  return `EMQX_CLUSTER__STATIC__SEEDS='${JSON.stringify(view.seeds)}'\n`;
}

/** The setting is the broker's, not a listener's; only certificates that the balancer required reach it. */
function peerCertificateSettings(listeners: readonly Listener[]): { setting: string }[] {
  const identities = new Set(listeners.map((listener) => listener.clientCertificates?.identity ?? 'none'));
  identities.delete('none');
  if (identities.size > 1) {
    throw new Error(
      'clientCertificates.identity differs between listeners (username and clientid); allowed: the same on all,' +
        ' since EMQX has one setting for every listener',
    );
  }
  return [...identities].map((identity) => ({ setting: `peer_cert_as_${identity}` }));
}
