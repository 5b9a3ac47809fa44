import type { ClientCertificates, Listener } from '../listeners/listener';
import { isWebSocket } from '../listeners/listener';
import { accessFile } from './accessConfig';
import { anonymousZone } from './aclFile';
import { brokerListeners } from './brokerListeners';
import { accessOf } from './chains';
import { tlsFiles } from './encryption';
import { renderHocon } from './hocon';
import { secretFiles } from './secrets';
import { settingsPath } from './settings/files';
import type { View } from '../rendering/template';
import { render } from '../rendering/template';
import type { BrokerView } from './view';

/** emqx.conf: one broker listener for each balancer listener; clients' TLS ends at the balancers. */
export function emqxConfig(view: BrokerView): string {
  const { atStart } = view.settings;
  const hasAtStart = Object.keys(atStart).length > 0;
  const { common, zoned } = identitiesOf(view.listeners);
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
    peerCertificate: common !== undefined && { setting: `peer_cert_as_${common}` },
    identities: zoned.map((identity) => ({
      zone: identityZone(identity),
      setting: `peer_cert_as_${identity}`,
    })),
    listeners: listenerViews(view),
  });
}

function listenerViews(view: BrokerView): View[] {
  const { zoned } = identitiesOf(view.listeners);
  return brokerListeners(view.listeners, view.encryption?.step ?? 'none').map((brokerListener) => {
    const { listener, transport, name, port, isEncrypted } = brokerListener;
    const access = accessOf(listener, view.authentication.kinds);
    return {
      kind: transport,
      name,
      brokerPort: port,
      maxConnections: view.maxConnections,
      acceptors: listener.acceptors ?? 16,
      rate: listener.connectionsPerSecond !== undefined && { perSecond: listener.connectionsPerSecond },
      proxyProtocol: view.proxyProtocol ? 'true' : 'false',
      proxied: view.proxyProtocol,
      unasked: access !== 'chain',
      zone: access === 'anonymous' ? { zone: anonymousZone } : zoneOf(listener, zoned),
      websocket: isWebSocket(listener) && { path: listener.path },
      tls: isEncrypted && { ...tlsFiles, key: secretFiles.listenersKey },
    };
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

type Identity = Exclude<ClientCertificates['identity'], 'none'>;

/**
 * What of a client certificates decide: one setting where it is the same for all whose name is handed on, which are
 * those that had to show one; else a zone for each, since the setting is none of a listener's.
 */
function identitiesOf(listeners: readonly Listener[]): {
  readonly common?: Identity;
  readonly zoned: readonly Identity[];
} {
  const handedOn = listeners.flatMap(({ clientCertificates }) =>
    clientCertificates?.verify === 'required' ? [clientCertificates.identity] : [],
  );
  const named = (['username', 'clientid'] as const).filter((identity) => handedOn.includes(identity));
  const [common] = named;
  if (common === undefined) return { zoned: [] };
  return handedOn.every((identity) => identity === common) ? { common, zoned: [] } : { zoned: named };
}

function identityZone(identity: Identity): string {
  return `${identity}-by-certificate`;
}

function zoneOf({ clientCertificates }: Listener, zoned: readonly Identity[]): { zone: string } | false {
  const identity = zoned.find((each) => each === clientCertificates?.identity);
  return identity !== undefined && { zone: identityZone(identity) };
}
