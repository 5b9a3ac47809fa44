import type * as pulumi from '@pulumi/pulumi';
import type { MachineArgs } from '../host/machines';

/** The two balancers, as a platform is told about them. */
export interface HaproxyArgs extends MachineArgs {
  /**
   * The largest keepalive that clients use, in seconds, 5 to 65535: an idle connection is closed after 1.5 times as
   * long, as MQTT says of a broker. Defaults to 300.
   */
  maxKeepaliveSeconds?: number;
  /**
   * True refuses a client that asks for a keepalive of 0 or a longer one: its connection could be closed while it is
   * well. Defaults to false: the log of each session names its keepalive.
   */
  refuseLongKeepalive?: boolean;
  /**
   * The largest CONNECT packet in bytes, 1024 to 262144: a client id, a will and a password such as a JWT. HAProxy
   * keeps two buffers of this size for a connection while it has data in them. Defaults to 15000, which HAProxy's own
   * buffer of 16 KiB holds.
   */
  largestConnectBytes?: number;
  /** How long a client may take to send its CONNECT, in seconds, 1 to 60. Defaults to 5. */
  inspectDelaySeconds?: number;
  /** TLS towards clients. */
  tls?: TlsArgs;
  /** The statistics page and the Prometheus exporter, on port 8888. */
  stats?: StatsArgs;
  /** Checks of the brokers' /status. */
  healthCheck?: HealthCheckArgs;
  /** Keepalived, which decides who is active. */
  keepalived?: KeepalivedArgs;
}

/** TLS towards clients. */
export interface TlsArgs {
  /** `TLSv1.2` or `TLSv1.3`. Defaults to `TLSv1.2`. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** How long a session ticket resumes a session on either balancer, in seconds, 300 to 604800. Defaults to 86400. */
  ticketLifetimeSeconds?: number;
}

/** The statistics page. */
export interface StatsArgs {
  /** The user name: letters, digits, `.`, `_` and `-`. Defaults to `admin`. */
  user?: string;
  /** Its password. Kept secret. Defaults to 24 random characters. */
  password?: pulumi.Input<string>;
  /** How often the page refreshes itself, in seconds, 1 to 3600. Defaults to 10, as in EMQX's guide. */
  refreshSeconds?: number;
  /** Ranges that may reach it beside the hosts themselves. Defaults to none: use an SSH tunnel. */
  allowedCidrs?: string[];
}

/** Checks of the brokers' /status. */
export interface HealthCheckArgs {
  /** Time between two checks, in ms, 50 to 60000. Defaults to 200. */
  intervalMs?: number;
  /** How long a broker may be silent, in ms, 50 to 60000. Defaults to 300: a frozen broker is down within a second, measured. */
  timeoutMs?: number;
  /** Failed checks in a row that mark a broker down, 1 to 100. Defaults to 2. */
  fall?: number;
  /** Passed checks in a row that bring it back, 1 to 100. Defaults to 2. */
  rise?: number;
}

/** Keepalived, which decides who is active. */
export interface KeepalivedArgs {
  /** Time between two adverts, in ms, 10 to 40950; the peer is taken for dead after three. Defaults to 100. */
  advertIntervalMs?: number;
  /** VRRP's router id, 1 to 255; another one for each pair in a subnet. Defaults to 51. */
  routerId?: number;
  /** The balancer that is active when both are well at their start, `haproxy-1` or `haproxy-2`. Defaults to `haproxy-1`. */
  preferred?: string;
  /** True gives the address back to the preferred balancer as soon as it is well; every move costs clients their connections. Defaults to false. */
  preempt?: boolean;
  /** How long HAProxy may be away before the address moves, in ms, 0 to 60000: systemd restarts it meanwhile, and moving costs seconds on EC2. Defaults to 1000. */
  graceMs?: number;
  /** The network interface's name in the guest. Defaults to `ens5`, its name on Nitro instances. */
  interface?: string;
}
