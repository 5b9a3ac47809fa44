import type * as pulumi from '@pulumi/pulumi';
import type { MachineArgs } from '../host/machines';
import type { OpeningArgs } from '../host/openings';

/** The two balancers, as a platform is told about them. */
export interface HaproxyArgs extends MachineArgs, OpeningArgs {
  /**
   * HAProxy's package in this version, as the distribution names it, such as `3.0.11-1+deb13u1`: of the line that the
   * operating system has. Running hosts get another one in turn, the standby first.
   * @default the newest at a host's first boot, which then stays
   */
  version?: string;
  /**
   * The largest keepalive that clients use, in seconds, 5 to 65535: an idle connection is closed after 1.5 times as
   * long, as MQTT says of a broker.
   * @default 300
   */
  maxKeepaliveSeconds?: number;
  /**
   * True refuses a client that asks for a keepalive of 0 or a longer one: its connection could be closed while it is
   * well. False only logs each session's keepalive.
   * @default false
   */
  refuseLongKeepalive?: boolean;
  /**
   * The largest CONNECT packet in bytes, 1024 to 262144: a client id, a will and a password such as a JWT. HAProxy
   * keeps two buffers of this size for a connection while it has data in them; its own buffer of 16 KiB holds 15000.
   * @default 15000
   */
  largestConnectBytes?: number;
  /** How long a client may take to send its CONNECT, in seconds, 1 to 60. @default 5 */
  inspectDelaySeconds?: number;
  /** TLS towards clients. */
  tls?: TlsArgs;
  /** The statistics page and the Prometheus exporter, on port 8888. */
  stats?: StatsArgs;
  /** EMQX's dashboard and REST API through the balancers, over TLS. @default reached by SSH only */
  dashboard?: DashboardArgs;
  /** Checks of the brokers' /status. */
  healthCheck?: HealthCheckArgs;
  /** Keepalived, which decides who is active. */
  keepalived?: KeepalivedArgs;
}

/** TLS towards clients. */
export interface TlsArgs {
  /** The oldest version of TLS that a client may use. @default `TLSv1.2` */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** How long a session ticket resumes a session on either balancer, in seconds, 300 to 604800. @default 86400 */
  ticketLifetimeSeconds?: number;
}

/** The statistics page. */
export interface StatsArgs {
  /** The user name: letters, digits, `.`, `_` and `-`. @default `admin` */
  user?: string;
  /** Its password. @secret @default 24 random characters */
  password?: pulumi.Input<string>;
  /** How often the page refreshes itself, in seconds, 1 to 3600; EMQX's guide has 10. @default 10 */
  refreshSeconds?: number;
  /** Ranges that may reach it beside the hosts themselves; without one, use an SSH tunnel. @default none */
  allowedCidrs?: string[];
}

/** EMQX's dashboard and REST API through the balancers. */
export interface DashboardArgs {
  /** IPv4 ranges that may reach it: who administers EMQX. Required, and 0.0.0.0/0 is refused. */
  allowedCidrs: string[];
  /** The port on the virtual IP, 1 to 65535, with the certificate of the other listeners. @default 18083 */
  port?: number;
}

/** Checks of the brokers' /status. */
export interface HealthCheckArgs {
  /** Time between two checks, in ms, 50 to 60000. @default 200 */
  intervalMs?: number;
  /** How long a broker may be silent, in ms, 50 to 60000; with 300 a frozen broker is down within a second, measured. @default 300 */
  timeoutMs?: number;
  /** Failed checks in a row that mark a broker down, 1 to 100. @default 2 */
  fall?: number;
  /** Passed checks in a row that bring it back, 1 to 100. @default 2 */
  rise?: number;
}

/** Keepalived, which decides who is active. */
export interface KeepalivedArgs {
  /** Keepalived's package in this version; see `haproxy.version`. @default the newest at a host's first boot, which then stays */
  version?: string;
  /** Time between two adverts, in ms, 10 to 40950; the peer is taken for dead after three. @default 100 */
  advertIntervalMs?: number;
  /** VRRP's router id, 1 to 255; another one for each pair in a subnet. @default 51 */
  routerId?: number;
  /** The balancer that is active when both are well at their start, `haproxy-1` or `haproxy-2`. @default `haproxy-1` */
  preferred?: string;
  /** True gives the address back to the preferred balancer as soon as it is well; every move costs clients their connections. @default false */
  preempt?: boolean;
  /** How long HAProxy may be away before the address moves, in ms, 0 to 60000: systemd restarts it meanwhile, and moving costs seconds on EC2. @default 1000 */
  graceMs?: number;
  /** The network interface's name in the guest. @default the one that has the balancer's address */
  interface?: string;
}
