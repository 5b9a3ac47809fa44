import type { Balancing } from './balancing';

/** In the order in which they are rendered, listed and checked. */
export const listenerNames = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

export type ListenerName = (typeof listenerNames)[number];

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

/** A listener with everything decided: the same for balancers and brokers. */
export interface Listener {
  readonly name: ListenerName;
  /** The port that clients use, on the balancers. */
  readonly port: number;
  /** The port of the brokers' own listener behind this one: 1883, 1884 (for mqtts), 8083, 8084 (for wss) by default. */
  readonly brokerPort: number;
  /** A row of further ports there: one carries no more connections of a balancer than that has source ports. */
  readonly furtherBrokerPorts?: { readonly first: number; readonly count: number };
  readonly allowedCidrs: readonly string[];
  /** Clients at once, over all worker generations. */
  readonly maxConnections: number;
  readonly balancing: Balancing;
  /** false lets any TCP payload through: for clients that must not be inspected. Not for ws and wss. */
  readonly inspect: boolean;
  readonly clientCertificates?: ClientCertificates;
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
}

/** True for the listeners that end TLS. */
export function isTls(name: ListenerName): boolean {
  return name === 'mqtts' || name === 'wss';
}

/** True for the listeners that speak WebSocket: no client id is visible there. */
export function isWebSocket(name: ListenerName): boolean {
  return name === 'ws' || name === 'wss';
}

/** A quarter more than asked for: two generations of workers share the limits around a reload. */
export const headroom = 1.25;
