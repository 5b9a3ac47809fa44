import type * as pulumi from '@pulumi/pulumi';
import type { MachineArgs } from '../host/machines';
import { checkMachineArgs } from '../host/machines';
import { balancerAddress, balancerVipAddress, checkCidrs, parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { BalancerView } from './view';

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

/** A balancer with everything decided. */
export interface PlannedBalancer {
  readonly name: string;
  readonly subnetIndex: number;
  readonly address: string;
  /** Where the VIP's Elastic IP maps to while this one is active. */
  readonly vipAddress: string;
}

/** The pair's settings with defaults applied. */
export interface BalancerSettings {
  readonly maxKeepaliveSeconds: number;
  readonly refuseLongKeepalive: boolean;
  readonly largestConnectBytes: number;
  readonly inspectDelaySeconds: number;
  readonly tls: Omit<BalancerView['tls'], 'certificateChain'>;
  readonly stats: Omit<BalancerView['stats'], 'port'>;
  readonly statsCidrs: readonly string[];
  readonly healthCheck: Omit<BalancerView['healthCheck'], 'port'>;
  readonly keepalived: Omit<BalancerView['keepalived'], 'priority'>;
  /** The balancer that is active when both are well at their start. */
  readonly preferred: string;
  priorityOf(name: string): number;
}

const names = ['haproxy-1', 'haproxy-2'] as const;

/** Decides names, subnets and addresses of the pair. */
export function planBalancers(
  subnetCidrs: readonly string[],
  path: string,
  problems: Problems,
): readonly PlannedBalancer[] {
  if (subnetCidrs.length > 2)
    problems.add(path, `has ${subnetCidrs.length} subnets; the pair needs one or two`);
  return names.flatMap((name, index) => {
    const subnetIndex = index % Math.max(1, subnetCidrs.length);
    const subnet = parseCidr(subnetCidrs[subnetIndex] ?? '');
    if (subnet === undefined) return [];
    const ordinal = index === 0 ? 1 : 2;
    return [
      {
        name,
        subnetIndex,
        address: balancerAddress(subnet, ordinal),
        vipAddress: balancerVipAddress(subnet, ordinal),
      },
    ];
  });
}

/** Applies the defaults and checks the settings; what is wrong goes to `problems` under `haproxy`. */
export function planHaproxy(args: HaproxyArgs, problems: Problems): BalancerSettings {
  const path = 'haproxy';
  checkMachineArgs(args, path, problems);
  const { maxKeepaliveSeconds = 300, largestConnectBytes = 15_000, inspectDelaySeconds = 5 } = args;
  problems.wholeNumber(`${path}.maxKeepaliveSeconds`, maxKeepaliveSeconds, 5, 65_535, 'seconds');
  problems.wholeNumber(`${path}.largestConnectBytes`, largestConnectBytes, 1024, 262_144, 'bytes');
  problems.wholeNumber(`${path}.inspectDelaySeconds`, inspectDelaySeconds, 1, 60, 'seconds');
  const { minVersion = 'TLSv1.2', ticketLifetimeSeconds = 86_400 } = args.tls ?? {};
  const version: string = minVersion;
  if (version !== 'TLSv1.2' && version !== 'TLSv1.3')
    problems.add(`${path}.tls.minVersion`, `is ${JSON.stringify(version)}; TLSv1.2 and TLSv1.3 are allowed`);
  problems.wholeNumber(`${path}.tls.ticketLifetimeSeconds`, ticketLifetimeSeconds, 300, 604_800, 'seconds');
  return {
    maxKeepaliveSeconds,
    refuseLongKeepalive: args.refuseLongKeepalive ?? false,
    largestConnectBytes,
    inspectDelaySeconds,
    tls: { minVersion, ticketLifetimeSeconds },
    ...planStats(args.stats ?? {}, `${path}.stats`, problems),
    healthCheck: planHealthCheck(args.healthCheck ?? {}, `${path}.healthCheck`, problems),
    ...planKeepalived(args.keepalived ?? {}, `${path}.keepalived`, problems),
  };
}

function planStats(
  args: StatsArgs,
  path: string,
  problems: Problems,
): Pick<BalancerSettings, 'stats' | 'statsCidrs'> {
  const { user = 'admin', refreshSeconds = 10, allowedCidrs = [] } = args;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(user))
    problems.add(
      `${path}.user`,
      `is ${JSON.stringify(user)}; 1 to 64 letters, digits, '.', '_' and '-' are allowed`,
    );
  problems.wholeNumber(`${path}.refreshSeconds`, refreshSeconds, 1, 3600, 'seconds');
  checkCidrs(`${path}.allowedCidrs`, allowedCidrs, problems);
  return { stats: { user, refreshSeconds }, statsCidrs: allowedCidrs };
}

function planHealthCheck(
  args: HealthCheckArgs,
  path: string,
  problems: Problems,
): BalancerSettings['healthCheck'] {
  const { intervalMs = 200, timeoutMs = 300, fall = 2, rise = 2 } = args;
  problems.wholeNumber(`${path}.intervalMs`, intervalMs, 50, 60_000, 'ms');
  problems.wholeNumber(`${path}.timeoutMs`, timeoutMs, 50, 60_000, 'ms');
  problems.wholeNumber(`${path}.fall`, fall, 1, 100);
  problems.wholeNumber(`${path}.rise`, rise, 1, 100);
  return { intervalMs, timeoutMs, fall, rise };
}

function planKeepalived(
  args: KeepalivedArgs,
  path: string,
  problems: Problems,
): Pick<BalancerSettings, 'keepalived' | 'preferred' | 'priorityOf'> {
  const {
    advertIntervalMs = 100,
    routerId = 51,
    preferred = names[0],
    preempt = false,
    graceMs = 1000,
  } = args;
  const networkInterface = args.interface ?? 'ens5';
  problems.wholeNumber(`${path}.advertIntervalMs`, advertIntervalMs, 10, 40_950, 'ms');
  if (advertIntervalMs % 10 !== 0)
    problems.add(
      `${path}.advertIntervalMs`,
      `is ${advertIntervalMs}; VRRP counts in hundredths of a second, so give a multiple of 10`,
    );
  problems.wholeNumber(`${path}.routerId`, routerId, 1, 255);
  problems.wholeNumber(`${path}.graceMs`, graceMs, 0, 60_000, 'ms');
  if (!names.some((name) => name === preferred))
    problems.add(`${path}.preferred`, `is ${JSON.stringify(preferred)}; ${names.join(' or ')} is allowed`);
  if (!/^[a-z][a-z0-9]{0,14}$/.test(networkInterface))
    problems.add(
      `${path}.interface`,
      `is ${JSON.stringify(networkInterface)}; a Linux interface name such as ens5 or eth0 is allowed`,
    );
  return {
    keepalived: { interface: networkInterface, routerId, advertIntervalMs, preempt, graceMs },
    preferred,
    // Both high: the time to a takeover is three adverts and (256 - priority)/256 of a fourth.
    priorityOf: (name) => (name === preferred ? 250 : 240),
  };
}
