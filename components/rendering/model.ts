/**
 * The plain values that the renderers take: everything is resolved (defaults applied, addresses planned), nothing
 * is an Output. Components make these; renderers turn them into files; neither knows how the other does it.
 */

/** What must happen on a running host when a file's content changes; the host does the least that is enough. */
export type FileChange =
  | { readonly kind: 'none' }
  /** Loaded through HAProxy's runtime API where the version can, else a reload of HAProxy. */
  | { readonly kind: 'runtime'; readonly unit: 'haproxy' }
  | { readonly kind: 'reload' | 'restart'; readonly unit: string }
  /** A kernel setting: `sysctl --system`; a refused key is a warning. */
  | { readonly kind: 'sysctl' };

export interface HostFile {
  readonly path: string;
  readonly content: string;
  /** Octal, for example 0644. */
  readonly mode: string;
  /** user:group, both present on the host once its packages are installed. */
  readonly owner: string;
  readonly change: FileChange;
}

export type OperatingSystem = 'debian-12' | 'debian-13' | 'ubuntu-22.04' | 'ubuntu-24.04';
export type Architecture = 'amd64' | 'arm64';

export type ListenerName = 'mqtt' | 'mqtts' | 'ws' | 'wss';

export type Balancing =
  | { readonly method: 'clientId' }
  | {
      readonly method: 'clientIdTable';
      readonly entries: number;
      readonly expireSeconds: number;
      readonly keyLength: number;
      readonly slowStartSeconds?: number;
    }
  | { readonly method: 'roundRobin' | 'leastConnections'; readonly slowStartSeconds?: number }
  | { readonly method: 'sourceAddress' };

export interface ClientCertificates {
  readonly verify: 'optional' | 'required';
  /** PEM, one or more. */
  readonly ca: string;
  /** PEM, one per CA. */
  readonly crl?: string;
  /** The broker takes the client's CN as user name or client id; only with `required`. */
  readonly identity: 'none' | 'username' | 'clientid';
}

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
  /** The path of the WebSocket endpoint; ws and wss. */
  readonly path: string;
  readonly rateLimit?: {
    readonly connectionsPerSource: number;
    readonly periodSeconds: number;
    readonly sparedCidrs: readonly string[];
  };
}

export interface BrokerServer {
  readonly name: string;
  readonly address: string;
  /** HAProxy's server id, fixed by the broker's ordinal: the hash ring hangs on it. */
  readonly id: number;
  /** 0 to 256; 100 by default. */
  readonly weight: number;
}

export interface BalancerPeer {
  readonly name: string;
  readonly address: string;
}

export interface BalancerView {
  readonly platform: string;
  readonly name: string;
  readonly address: string;
  readonly operatingSystem: OperatingSystem;
  /** Major and minor of the HAProxy that this OS installs, for example 3.0. */
  readonly haproxyVersion: string;
  readonly keepalivedVersion: string;
  readonly region: string;
  /** Both, this one included; the order is the same on both. */
  readonly pair: readonly BalancerPeer[];
  readonly brokers: readonly BrokerServer[];
  /** Where the brokers' agents answer; 18084 by default. */
  readonly agentPort?: number;
  readonly listeners: readonly Listener[];
  readonly proxyProtocol: boolean;
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
    /** How long a client resumes its session, on either balancer. */
    readonly ticketLifetimeSeconds: number;
  };
  readonly stats: { readonly port: number; readonly user: string; readonly refreshSeconds: number };
  readonly healthCheck: {
    readonly port: number;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly fall: number;
    readonly rise: number;
  };
  readonly keepalived: {
    readonly interface: string;
    readonly routerId: number;
    readonly advertIntervalMs: number;
    readonly priority: number;
    readonly preempt: boolean;
    /** HAProxy may be away this long (systemd restarts it) before the address moves. */
    readonly graceMs: number;
  };
  readonly virtualIp: VirtualIpView;
  /** Kernel settings and limits that follow from the listeners' maxConnections. */
  readonly limits: {
    readonly maxConnections: number;
    readonly fileDescriptors: number;
    readonly localPortRange: readonly [number, number];
    readonly reservedPorts: readonly number[];
  };
  readonly secrets: readonly SecretView[];
}

export type VirtualIpView =
  | {
      readonly mode: 'elasticIp';
      /** The secondary private address of this balancer's interface that the Elastic IP maps to. */
      readonly privateAddress: string;
      /** Known by AWS only: they reach the host in aws.json. */
      readonly allocationId: string;
      readonly interfaceId: string;
      readonly publicAddress: string;
    }
  | {
      readonly mode: 'route';
      readonly address: string;
      readonly routeTableIds: readonly string[];
      readonly interfaceId: string;
    }
  | {
      readonly mode: 'privateIp';
      readonly address: string;
      /** The subnet of both balancers: another VPC may have the same address. */
      readonly subnetId: string;
      readonly interfaceId: string;
      /** The Elastic IP on the address, which follows it. */
      readonly allocationId?: string;
    };

/** One file made on the host from a Secrets Manager secret (a JSON object of strings). */
export interface SecretView {
  readonly arn: string;
  readonly file: string;
  readonly mode: string;
  readonly owner: string;
  readonly change: FileChange;
  /** `value`: the field as it is. `env`: a systemd EnvironmentFile, variable -> field. `hocon-env`: the same, each value a HOCON string. */
  readonly content:
    | { readonly kind: 'value'; readonly field: string }
    | { readonly kind: 'env' | 'hocon-env'; readonly variables: Readonly<Record<string, string>> };
}

export interface BrokerView {
  readonly platform: string;
  readonly name: string;
  readonly address: string;
  readonly operatingSystem: OperatingSystem;
  readonly region: string;
  readonly emqxVersion: string;
  readonly clusterName: string;
  /** Node names of the whole cluster, this one included: emqx@<private address>. */
  readonly seeds: readonly string[];
  readonly nodeName: string;
  readonly listeners: readonly Listener[];
  readonly proxyProtocol: boolean;
  readonly maxConnections: number;
  readonly dashboardPort: number;
  /** ready, or drain: what the agent tells the balancers; weight as a percentage of the server's. */
  readonly agent: {
    readonly port: number;
    readonly drain: boolean;
    readonly weightPercent: number;
    /** How long a stop of the broker waits for its clients to be moved; 30 by default. */
    readonly drainTimeoutSeconds?: number;
  };
  /** LimitNOFILE of EMQX; follows from `maxConnections` when absent. */
  readonly fileDescriptors?: number;
  /** Absent when the data lies on the root disk. */
  readonly dataVolumeId?: string;
  readonly secrets: readonly SecretView[];
}

export interface HostUserData {
  readonly hostname: string;
  readonly operatingSystem: OperatingSystem;
  /** Debian packages; `name=version` pins. Installed by cloud-init, then held. */
  readonly packages: readonly string[];
  readonly aptRepositories: readonly {
    readonly name: string;
    readonly url: string;
    readonly keyUrl: string;
    readonly suite: string;
    readonly component: string;
  }[];
  /** The host's whole file set; the host's programs are in it. */
  readonly files: readonly HostFile[];
  /** The Secrets Manager secret whose field `files` is `fetchedPrograms` of the set. */
  readonly programsArn: string;
}
