import type { Balancing } from './balancing';

/** What clients speak. Listeners of these names are of that kind and come first, in this order, where they are listed. */
export const listenerKinds = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

export type ListenerKind = (typeof listenerKinds)[number];

export function isListenerKind(name: string): name is ListenerKind {
  return listenerKinds.some((kind) => kind === name);
}

/** Ways for clients to prove who they are, as `emqx.authentication` names them. */
export const authenticationKinds = [
  'users',
  'jwt',
  'http',
  'postgresql',
  'mysql',
  'redis',
  'ldap',
  'clientCertificate',
] as const;

export type AuthenticationKind = (typeof authenticationKinds)[number];

export interface ClientCertificates {
  readonly verify: 'optional' | 'required';
  /** PEM, one or more. */
  readonly ca: string;
  /** PEM, one per CA. */
  readonly crl?: string;
  /** A list whose next update is overdue goes on counting, instead of refusing everybody. */
  readonly keepsEndedLists?: boolean;
  /** The broker takes the client's CN as user name or client id; only with `required`. */
  readonly identity: 'none' | 'username' | 'clientid';
}

/** How TLS of a listener differs from that of all. */
export interface ListenerTls {
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Of TLS 1.2, by OpenSSL's names. */
  readonly suites?: readonly string[];
  /** Of TLS 1.3. */
  readonly suites13?: readonly string[];
  readonly curves?: readonly string[];
  readonly withoutTickets?: boolean;
  /** Places of the server certificates that it shows, from 0; all where absent. */
  readonly certificates?: readonly number[];
}

/** A listener with everything decided: the same for balancers and brokers. */
export interface Listener {
  /** Of its own on the platform: HAProxy, EMQX, files, logs and metrics call it by this. */
  readonly name: string;
  readonly kind: ListenerKind;
  /** The port that clients use, on the balancers. */
  readonly port: number;
  /** The port of the brokers' own listener behind this one. */
  readonly brokerPort: number;
  /** A row of further ports there: one carries no more connections of a balancer than that has source ports. */
  readonly furtherBrokerPorts?: { readonly first: number; readonly count: number };
  readonly allowedCidrs: readonly string[];
  /** True answers at the virtual IP alone; absent otherwise. */
  readonly onlyAtVirtualIp?: boolean;
  /** Load balancers in front, whose PROXY protocol is believed. */
  readonly acceptProxy?: readonly string[];
  /** Clients at once, over all worker generations. */
  readonly maxConnections: number;
  /** Of EMQX, on each broker port; absent where it is EMQX's own 16. */
  readonly acceptors?: number;
  /** New ones that EMQX takes on each broker port; absent without a limit. */
  readonly connectionsPerSecond?: number;
  readonly balancing: Balancing;
  /** false lets any TCP payload through: for clients that must not be inspected. Not for ws and wss. */
  readonly inspect: boolean;
  /** True leaves to the broker what HAProxy does not know of a CONNECT; absent otherwise. */
  readonly passesUnknown?: boolean;
  readonly tls?: ListenerTls;
  readonly clientCertificates?: ClientCertificates;
  /** By what its clients are asked, in order; absent where by all that brokers have. */
  readonly authentication?: readonly AuthenticationKind[];
  /** True lets in who does not say who it is; absent otherwise. */
  readonly anonymous?: boolean;
  /** The path of the WebSocket endpoint; ws and wss. */
  readonly path: string;
  /** Other paths that lead there. */
  readonly furtherPaths?: readonly string[];
  readonly rateLimit?: {
    readonly connectionsPerSource: number;
    readonly periodSeconds: number;
    readonly sparedCidrs: readonly string[];
  };
  /** How many logins a balancer lets brokers refuse in a period before it refuses itself. */
  readonly failedLogins?: {
    readonly perLogin: number;
    /** Absent without a limit. */
    readonly perSource?: number;
    readonly periodSeconds: number;
  };
}

/** True for the listeners that end TLS. */
export function isTls({ kind }: Pick<Listener, 'kind'>): boolean {
  return kind === 'mqtts' || kind === 'wss';
}

/** True for the listeners that speak WebSocket: no client id is visible there. */
export function isWebSocket({ kind }: Pick<Listener, 'kind'>): boolean {
  return kind === 'ws' || kind === 'wss';
}

/** True where the broker takes the certificate's CN for the client id. */
export function hasIdByCertificate({ clientCertificates }: Pick<Listener, 'clientCertificates'>): boolean {
  return clientCertificates?.identity === 'clientid';
}

/** A quarter more than asked for: two generations of workers share the limits around a reload. */
export const headroom = 1.25;
