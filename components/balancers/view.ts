import type { SecretView } from '../host/fileSet';
import type { OperatingSystem } from '../host/operatingSystems';
import type { HostSoftware } from '../host/packages';
import type { Listener } from '../listeners/listener';
import type { VirtualIpView } from '../virtualIp/view';
import type { BalancerLimits } from './limits';

/** A broker as HAProxy knows it. */
export interface BrokerServer {
  readonly name: string;
  readonly address: string;
  /** HAProxy's server id, fixed by the broker's ordinal: the hash ring hangs on it. */
  readonly id: number;
  /** 0 to 256; 100 by default. */
  readonly weight: number;
}

/** One of the pair as both know it. */
export interface BalancerPeer {
  readonly name: string;
  readonly address: string;
}

/** What a balancer's files are made from: everything is decided, nothing is an Output. */
export interface BalancerView {
  readonly platform: string;
  readonly name: string;
  readonly address: string;
  readonly operatingSystem: OperatingSystem;
  /** Major and minor of the HAProxy that this OS installs, for example 3.0. */
  readonly haproxyVersion: string;
  readonly keepalivedVersion: string;
  readonly software: HostSoftware;
  readonly region: string;
  /** Both, this one included; the order is the same on both. */
  readonly pair: readonly BalancerPeer[];
  readonly brokers: readonly BrokerServer[];
  /** Where the brokers' agents answer; 18084 by default. */
  readonly agentPort?: number;
  readonly listeners: readonly Listener[];
  readonly proxyProtocol: boolean;
  /** Where brokers are come to by TLS; absent where not. */
  readonly brokerTls?: {
    /** PEM of the CA of the brokers' certificate. */
    readonly ca: string;
    /** The name in it. */
    readonly name: string;
    /** PEM of the balancers' own certificate, without its key. */
    readonly certificate: string;
  };
  /** The largest keepalive that clients use; the timeouts follow from it. */
  readonly maxKeepaliveSeconds: number;
  /** Reject a CONNECT whose keepalive is 0 or above `maxKeepaliveSeconds`; by default it is only logged. */
  readonly refuseLongKeepalive?: boolean;
  readonly largestConnectBytes: number;
  readonly inspectDelaySeconds: number;
  readonly tls: {
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
    /** PEM: the server certificate and its chain, without the key. */
    readonly certificateChain: string;
    /** The same of other server certificates. */
    readonly furtherChains?: readonly string[];
    /** How long a client resumes its session, on either balancer. */
    readonly ticketLifetimeSeconds: number;
  };
  readonly stats: { readonly port: number; readonly user: string; readonly refreshSeconds: number };
  /** EMQX's dashboard over TLS; absent where only SSH leads to it. */
  readonly dashboard?: { readonly port: number; readonly allowedCidrs: readonly string[] };
  readonly healthCheck: {
    readonly port: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly fall: number;
    readonly rise: number;
  };
  readonly keepalived: {
    /** Absent: the one that has the balancer's address. */
    readonly interface?: string;
    readonly routerId: number;
    readonly advertIntervalMs: number;
    readonly priority: number;
    readonly preempt: boolean;
    /** HAProxy may be away this long (systemd restarts it) before the address moves. */
    readonly graceMs: number;
  };
  readonly virtualIp: VirtualIpView;
  /** Kernel settings and limits that follow from the listeners' maxConnections. */
  readonly limits: BalancerLimits;
  readonly secrets: readonly SecretView[];
}
