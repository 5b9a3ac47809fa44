import { planSoftware } from '../components/balancers/software';
import type { BalancerView } from '../components/balancers/view';
import { planAuthentication } from '../components/brokers/authentication';
import { planAuthorization } from '../components/brokers/authorization';
import { planSettings } from '../components/brokers/settings/plan';
import { brokerSoftware } from '../components/brokers/software';
import { planRelease } from '../components/brokers/versions';
import type { BrokerView } from '../components/brokers/view';
import type { Listener, ListenerKind } from '../components/listeners/listener';
import { Problems } from '../components/rendering/problems';

const pem = (label: string) => `-----BEGIN ${label}-----\nTUlJQg==\n-----END ${label}-----\n`;
export const certificate = pem('CERTIFICATE');
export const revocationList = pem('X509 CRL');

const ports: Record<ListenerKind, readonly [port: number, brokerPort: number]> = {
  mqtt: [1883, 1883],
  mqtts: [8883, 1884],
  ws: [8083, 8083],
  wss: [8084, 8084],
};

/** A listener as the components make it by default. */
export function listener(name: ListenerKind, changes: Partial<Listener> = {}): Listener {
  const websocket = name === 'ws' || name === 'wss';
  return {
    name,
    kind: name,
    port: ports[name][0],
    brokerPort: ports[name][1],
    allowedCidrs: ['0.0.0.0/0'],
    maxConnections: 1_000,
    balancing: { method: websocket ? 'leastConnections' : 'clientId' },
    inspect: true,
    path: '/mqtt',
    ...changes,
  };
}

/** The first balancer of a pair in front of three brokers. */
export function balancerView(changes: Partial<BalancerView> = {}): BalancerView {
  return {
    platform: 'demo',
    name: 'balancer-a',
    address: '10.20.0.10',
    operatingSystem: 'debian-13',
    haproxyVersion: '3.0',
    keepalivedVersion: '2.3',
    software: planSoftware({}, { operatingSystem: 'debian-13' }, new Problems()),
    region: 'eu-central-1',
    pair: [
      { name: 'balancer-a', address: '10.20.0.10' },
      { name: 'balancer-b', address: '10.20.1.10' },
    ],
    brokers: [1, 2, 3].map((id) => ({ name: `broker-${id}`, address: `10.20.2.${id}`, id, weight: 100 })),
    listeners: [listener('mqtt'), listener('mqtts')],
    proxyProtocol: true,
    maxKeepaliveSeconds: 300,
    largestConnectBytes: 8_192,
    inspectDelaySeconds: 5,
    tls: { minVersion: 'TLSv1.2', certificateChain: certificate, ticketLifetimeSeconds: 86_400 },
    stats: { port: 8888, user: 'admin', refreshSeconds: 10 },
    healthCheck: { port: 18083, intervalMs: 200, timeoutMs: 300, fall: 2, rise: 2 },
    keepalived: {
      routerId: 51,
      advertIntervalMs: 100,
      priority: 150,
      preempt: false,
      graceMs: 1_000,
    },
    virtualIp: {
      mode: 'elasticIp',
      privateAddress: '10.20.0.20',
      allocationId: 'eipalloc-1',
      interfaceId: 'eni-1',
      publicAddress: '198.51.100.1',
    },
    limits: {
      maxConnections: 2_500,
      fileDescriptors: 6_000,
      localPortRange: [1024, 65535],
      reservedPorts: [1883, 8883, 8888, 10000],
    },
    secrets: [
      {
        arn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:demo',
        file: '/etc/haproxy/certs/server.pem.key',
        mode: '0600',
        owner: 'root:root',
        change: { kind: 'runtime', unit: 'haproxy' },
        content: { kind: 'value', field: 'serverKey' },
      },
    ],
    ...changes,
  };
}

const release = planRelease(
  '5.8.9',
  { operatingSystem: 'debian-13', brokerCount: 3, isLicensed: false, repository: {} },
  'emqx',
  new Problems(),
);

/** The first of three brokers. */
export function brokerView(changes: Partial<BrokerView> = {}): BrokerView {
  return {
    platform: 'demo',
    name: 'broker-1',
    address: '10.20.2.1',
    operatingSystem: 'debian-13',
    region: 'eu-central-1',
    emqxVersion: '5.8.9',
    software: brokerSoftware(release, { operatingSystem: 'debian-13' }),
    clusterName: 'demo',
    seeds: ['emqx@10.20.2.1', 'emqx@10.20.2.2'],
    nodeName: 'emqx@10.20.2.1',
    listeners: [listener('mqtt'), listener('mqtts')],
    authentication: planAuthentication([], [], 'emqx.authentication', new Problems()),
    authorization: planAuthorization({}, 'emqx.authorization', new Problems()),
    settings: planSettings({}, '5.8.9', 'emqx.settings', new Problems()),
    proxyProtocol: true,
    maxConnections: 5_000,
    repairGeneration: 1,
    dynamicMaxConnections: 25,
    dashboardPort: 18083,
    agent: { port: 18084, drain: false, weightPercent: 100 },
    dataVolumeId: 'vol-0123456789abcdef0',
    secrets: [],
    ...changes,
  };
}
