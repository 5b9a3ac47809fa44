import { dashboardPort } from '../brokers/ports';
import type { TlsSurroundings } from '../listeners/tls';
import { checkCidrs, parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { DashboardArgs, HaproxyArgs, HealthCheckArgs, KeepalivedArgs, StatsArgs } from './arguments';
import type { BalancerView } from './view';

/** The pair. */
export const balancerNames = ['haproxy-1', 'haproxy-2'] as const;

/** The pair's settings with defaults applied. */
export interface BalancerSettings {
  readonly maxKeepaliveSeconds: number;
  readonly refuseLongKeepalive: boolean;
  readonly largestConnectBytes: number;
  readonly inspectDelaySeconds: number;
  readonly tls: Omit<BalancerView['tls'], 'certificateChain'>;
  readonly stats: Omit<BalancerView['stats'], 'port'>;
  readonly statsCidrs: readonly string[];
  readonly dashboard?: NonNullable<BalancerView['dashboard']>;
  readonly healthCheck: Omit<BalancerView['healthCheck'], 'port'>;
  readonly keepalived: Omit<BalancerView['keepalived'], 'priority'>;
  /** The balancer that is active when both are well at their start. */
  readonly preferred: string;
}

const oldestTls = 'TLSv1.2';

/** What listeners have to fit to. */
export function tlsOfListeners(
  { tls: { minVersion = oldestTls } = {} }: Pick<HaproxyArgs, 'tls'>,
  serverCertificates: TlsSurroundings['serverCertificates'],
): TlsSurroundings {
  return { minVersion, serverCertificates };
}

/** Applies the defaults and checks the settings; what is wrong goes to `problems` under `haproxy`. */
export function planSettings(args: HaproxyArgs, problems: Problems): BalancerSettings {
  const path = 'haproxy';
  const { maxKeepaliveSeconds = 300, largestConnectBytes = 15_000, inspectDelaySeconds = 5 } = args;
  problems.wholeNumber(`${path}.maxKeepaliveSeconds`, maxKeepaliveSeconds, 5, 65_535, 'seconds');
  problems.wholeNumber(`${path}.largestConnectBytes`, largestConnectBytes, 1024, 262_144, 'bytes');
  problems.wholeNumber(`${path}.inspectDelaySeconds`, inspectDelaySeconds, 1, 60, 'seconds');
  const { minVersion = oldestTls, ticketLifetimeSeconds = 86_400 } = args.tls ?? {};
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
    ...(args.dashboard === undefined
      ? {}
      : { dashboard: planDashboard(args.dashboard, `${path}.dashboard`, problems) }),
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

function planDashboard(
  { allowedCidrs, port = dashboardPort }: DashboardArgs,
  path: string,
  problems: Problems,
): NonNullable<BalancerView['dashboard']> {
  problems.wholeNumber(`${path}.port`, port, 1, 65_535);
  if (allowedCidrs.length === 0)
    problems.add(
      `${path}.allowedCidrs`,
      'is empty; give the ranges of those who administer EMQX, such as 198.51.100.7/32, or leave dashboard out',
    );
  checkCidrs(`${path}.allowedCidrs`, allowedCidrs, problems);
  allowedCidrs.forEach((cidr, index) => {
    if (parseCidr(cidr)?.prefixLength === 0)
      problems.add(
        `${path}.allowedCidrs[${index}]`,
        'lets the whole internet reach the administration of EMQX; give the ranges of those who need it',
      );
  });
  return { port, allowedCidrs };
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
): Pick<BalancerSettings, 'keepalived' | 'preferred'> {
  const {
    advertIntervalMs = 100,
    routerId = 51,
    preferred = balancerNames[0],
    preempt = false,
    graceMs = 1000,
  } = args;
  const { interface: networkInterface } = args;
  problems.wholeNumber(`${path}.advertIntervalMs`, advertIntervalMs, 10, 40_950, 'ms');
  if (advertIntervalMs % 10 !== 0)
    problems.add(
      `${path}.advertIntervalMs`,
      `is ${advertIntervalMs}; VRRP counts in hundredths of a second, so give a multiple of 10`,
    );
  problems.wholeNumber(`${path}.routerId`, routerId, 1, 255);
  problems.wholeNumber(`${path}.graceMs`, graceMs, 0, 60_000, 'ms');
  if (!balancerNames.some((name) => name === preferred))
    problems.add(
      `${path}.preferred`,
      `is ${JSON.stringify(preferred)}; ${balancerNames.join(' or ')} is allowed`,
    );
  if (networkInterface !== undefined && !/^[a-z][a-z0-9]{0,14}$/.test(networkInterface))
    problems.add(
      `${path}.interface`,
      `is ${JSON.stringify(networkInterface)}; a Linux interface name such as ens5 or eth0 is allowed`,
    );
  return {
    keepalived: {
      ...(networkInterface === undefined ? {} : { interface: networkInterface }),
      routerId,
      advertIntervalMs,
      preempt,
      graceMs,
    },
    preferred,
  };
}
