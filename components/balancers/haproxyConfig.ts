import { overTls } from '../brokers/encryption';
import type { Balancing } from '../listeners/balancing';
import { balancingMethods, methodsByClientId, othersThan } from '../listeners/balancing';
import { longestName } from '../listeners/clientCertificates';
import { rememberedLogins } from '../listeners/failedLogins';
import type { Listener } from '../listeners/listener';
import { hasIdByCertificate, headroom, isTls, isWebSocket } from '../listeners/listener';
import type { View } from '../rendering/template';
import { render } from '../rendering/template';
import { brokerTlsFiles, listenerFiles } from './haproxyFiles';
import { haproxyAbilities } from './haproxyVersion';
import { bindTls, serverCertificates } from './haproxyTls';
import type { VirtualIpView } from '../virtualIp/view';
import type { BalancerView } from './view';

/** haproxy.cfg, for any HAProxy from 2.4 on. */
export function haproxyConfig(view: BalancerView): string {
  return render('balancer/haproxy.cfg', {
    platform: view.platform,
    name: view.name,
    maxConnections: view.limits.maxConnections,
    bufferBytes: bufferBytes(view.largestConnectBytes),
    tls: (view.listeners.some(isTls) || view.dashboard !== undefined) && {
      minVersion: view.tls.minVersion,
      ticketLifetimeSeconds: view.tls.ticketLifetimeSeconds,
    },
    // A handshake over a slow mobile network takes seconds; a silent connection must not hold its slot for minutes.
    handshakeSeconds: Math.max(10, view.inspectDelaySeconds),
    // MQTT lets a client be silent for 1.5 keepalives; the broker is to close it first.
    idleSeconds: Math.ceil(view.maxKeepaliveSeconds * 1.5) + 15,
    maxKeepaliveSeconds: view.maxKeepaliveSeconds,
    inspectDelaySeconds: view.inspectDelaySeconds,
    checkTimeoutMs: view.healthCheck.timeoutMs,
    intervalMs: view.healthCheck.intervalMs,
    fall: view.healthCheck.fall,
    rise: view.healthCheck.rise,
    healthPort: view.healthCheck.port,
    agentPort: view.agentPort ?? 18084,
    proxyProtocol: view.proxyProtocol,
    peers: view.listeners.some((listener) => balancingOn(view, listener).method === 'clientIdTable') && {
      members: view.pair.map(({ name, address }) => ({ name, address })),
    },
    brokers: view.brokers.map(({ name, address, id, weight }) => ({ name, address, id, weight })),
    listeners: view.listeners.map((listener) => listenerView(view, listener)),
    dashboard: view.dashboard !== undefined && {
      port: view.dashboard.port,
      certificates: serverCertificates(view),
      cidrs: view.dashboard.allowedCidrs,
    },
    statsUser: view.stats.user,
    statsAddress: view.address,
    statsPort: view.stats.port,
    refreshSeconds: view.stats.refreshSeconds,
  });
}

/** The balancing that a listener gets on this HAProxy: 2.4 keeps client ids in a table, since it cannot hash them. */
export function balancingOn(view: Pick<BalancerView, 'haproxyVersion'>, listener: Listener): Balancing {
  if (listener.balancing.method === 'clientId' && !haproxyAbilities(view.haproxyVersion).balanceHash) {
    // An entry is for each client, and for as long as it may be connected.
    const entries = Math.max(100_000, listener.maxConnections);
    return { method: 'clientIdTable', entries, expireSeconds: 86_400, keyLength: 128 };
  }
  return listener.balancing;
}

/** A CONNECT has to fit beside maxrewrite (1024) and the buffer's own head; 16384 is HAProxy's default. */
function bufferBytes(largestConnectBytes: number): number {
  return Math.max(16_384, Math.ceil((largestConnectBytes + 1_024 + 128) / 1_024) * 1_024);
}

function listenerView(view: BalancerView, listener: Listener): View {
  const balancing = balancingOn(view, listener);
  const websocket = isWebSocket(listener);
  refuseContradictions(view, listener, websocket);
  const files = listenerFiles(listener);
  // Whom a load balancer speaks for is known only once its header is read.
  const stage = listener.acceptProxy === undefined ? 'connection' : 'session';
  const named = (listener.clientCertificates?.identity ?? 'none') !== 'none';
  const nameIsId = hasIdByCertificate(listener) && methodsByClientId.has(balancing.method);
  const key = nameIsId ? 'sess.name' : 'sess.cid';
  return {
    listener: listener.name,
    port: listener.port,
    ...brokerPortView(view.brokerTls === undefined ? listener : overTls(listener)),
    brokerTls: view.brokerTls !== undefined && { ...brokerTlsFiles, name: view.brokerTls.name },
    maxConnections: listener.maxConnections,
    slots: Math.ceil(listener.maxConnections * (1 + (headroom - 1) / 2)),
    errorLog: haproxyAbilities(view.haproxyVersion).errorLog,
    refusalsLogged: refusalsLoggedIn10Seconds,
    tls: isTls(listener) && {
      ...bindTls(view, listener),
      clientCertificates: listener.clientCertificates !== undefined && {
        ca: files.ca?.path ?? '',
        verify: listener.clientCertificates.verify,
        crl: files.crl !== undefined && {
          file: files.crl.path,
          ended: listener.clientCertificates.keepsEndedLists === true,
        },
      },
    },
    onlyAt: listener.onlyAtVirtualIp === true && { address: addressOf(view.virtualIp) },
    proxies: files.proxies !== undefined && { file: files.proxies.path },
    allowed: files.allowed !== undefined && { file: files.allowed.path, stage },
    rateLimit: listener.rateLimit !== undefined && {
      stage,
      connectionsPerSource: listener.rateLimit.connectionsPerSource,
      spared: files.spared !== undefined && { file: files.spared.path },
    },
    sources: sourcesView(listener),
    failedLogins: failedLoginsView(listener),
    websocket: websocket && {
      path: listener.path,
      paths: pathsOf(listener),
    },
    tcp: !websocket,
    identity: named && { longestName },
    nameIsId,
    inspect: !websocket &&
      listener.inspect && {
        keepaliveLimit: view.refuseLongKeepalive === true,
        passesUnknown: listener.passesUnknown === true,
      },
    mayRefuse: !websocket && (listener.inspect || named),
    clientName: view.proxyProtocol && listener.clientCertificates?.verify === 'required',
    slowStart: balancing.slowStartSeconds !== undefined && { seconds: balancing.slowStartSeconds },
    pools: [
      { pool: 'brokers', checked: true, ...balancingView(balancing, true, key) },
      { pool: 'fallback', checked: false, ...balancingView(balancing, false, key) },
    ],
  };
}

/** Where what is sent to the virtual IP arrives. */
function addressOf(virtualIp: VirtualIpView): string {
  return virtualIp.mode === 'elasticIp' ? virtualIp.privateAddress : virtualIp.address;
}

/** Lines of one reason that a listener writes in 10 s before it only counts. */
const refusalsLoggedIn10Seconds = 200;

/** Every path that reaches the endpoint: a trailing slash makes no difference to people. */
function pathsOf({ path, furtherPaths }: Listener): readonly string[] {
  const given = [path, ...(furtherPaths ?? [])].map((each) => each.replace(/\/+$/, ''));
  return [...new Set(given.flatMap((each) => (each === '' ? ['/'] : [each, `${each}/`])))];
}

/** One table has all that is counted of addresses: HAProxy 2.6 follows three tables in a session, and no more. */
function sourcesView({ rateLimit, failedLogins }: Listener): View | false {
  const connections = rateLimit?.periodSeconds;
  const failures = failedLogins?.perSource === undefined ? undefined : failedLogins.periodSeconds;
  if (connections === undefined && failures === undefined) return false;
  return {
    expireSeconds: Math.max(connections ?? 0, failures ?? 0),
    connections: connections !== undefined && { seconds: connections },
    failures: failures !== undefined && { seconds: failures },
  };
}

function failedLoginsView(listener: Listener): View | false {
  const { failedLogins } = listener;
  return (
    failedLogins !== undefined && {
      perLogin: failedLogins.perLogin,
      perSource: failedLogins.perSource !== undefined && { limit: failedLogins.perSource },
      periodSeconds: failedLogins.periodSeconds,
      entries: rememberedLogins(listener),
    }
  );
}

/** `+0` on a server stands for the port that the client came to, which the frontend rewrites to one of the broker's. */
function brokerPortView({ brokerPort, furtherBrokerPorts: further }: Listener): View {
  if (further === undefined) return { serverPort: brokerPort, ports: false };
  const ports = { brokerPort, first: further.first, further: further.count, all: further.count + 1 };
  return { serverPort: '+0', ports };
}

/** The template has a section for each method, under its name; what a table remembers is told once. */
function balancingView(balancing: Balancing, definesTable: boolean, key: string): View {
  const table = definesTable &&
    balancing.method === 'clientIdTable' && {
      entries: balancing.entries,
      expireSeconds: balancing.expireSeconds,
      keyLength: balancing.keyLength,
    };
  return Object.fromEntries(
    balancingMethods.map((method) => [
      method,
      method === balancing.method && (methodsByClientId.has(method) ? { key, table } : true),
    ]),
  );
}

function refuseContradictions(view: BalancerView, listener: Listener, websocket: boolean): void {
  const wrong = (what: string) => new Error(`listener ${listener.name}: ${what}`);
  const seesNoId = (websocket || !listener.inspect) && !hasIdByCertificate(listener);
  if (methodsByClientId.has(listener.balancing.method) && seesNoId) {
    const why = websocket ? 'its first bytes are HTTP' : 'it is not inspected';
    throw wrong(
      `balancing is ${listener.balancing.method}, but no client id is seen there, since ${why};` +
        ` allowed: ${othersThan(methodsByClientId)}`,
    );
  }
  if (listener.clientCertificates === undefined) return;
  if (!isTls(listener)) throw wrong('clientCertificates need TLS; allowed on mqtts and wss');
  const { identity, verify } = listener.clientCertificates;
  if (identity !== 'none' && !(verify === 'required' && view.proxyProtocol)) {
    throw wrong(
      `identity is ${identity}, which needs verify: required (or a client without a certificate could claim` +
        ' any name) and proxyProtocol: true (which carries the name)',
    );
  }
}
