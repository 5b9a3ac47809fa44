import { isExperimental } from '../host/operatingSystems';
import { everywhere } from '../network/addresses';
import type { MqttPlatformArgs } from './arguments';
import type { PlatformPlan } from './plan';

/** What is allowed, and may still not go as wished on AWS: told in each preview, and in docs/hosts.md why. */
export function warningsOf(plan: PlatformPlan, args: MqttPlatformArgs): readonly string[] {
  return [
    ...ofVirtualIp(plan),
    ...ofZones(plan, args),
    ...ofOperatingSystems(plan),
    ...ofTracking(plan, args),
  ];
}

/** A subnet is in one zone. Of zones that two subnets of the user's may share nothing is known here. */
function ofZones(
  { network: plan, pair, cluster, virtualIp }: PlatformPlan,
  { network = {} }: MqttPlatformArgs,
) {
  const isTheirs = 'vpcId' in network;
  const shared = 'are in one subnet, and so in one zone: what takes that zone, or the rack, takes them all';
  const balancers =
    virtualIp.mode === 'privateIp'
      ? `virtualIp.mode: is privateIp, so both balancers ${shared}; only the other modes can spread them`
      : `network.${isTheirs ? 'balancerSubnets' : 'balancerZoneCount'}: both balancers ${shared}; give two`;
  const brokers = `network.${isTheirs ? 'brokerSubnets' : 'zoneCount'}: all ${cluster.brokers.length} brokers ${shared}; give more`;
  return [
    ...(pair.balancers.length > 1 && plan.balancerSubnets.length === 1 ? [balancers] : []),
    ...(cluster.brokers.length > 1 && plan.brokerSubnets.length === 1 ? [brokers] : []),
  ];
}

function ofVirtualIp({ virtualIp }: PlatformPlan): readonly string[] {
  if (virtualIp.mode !== 'privateIp') return [];
  const role =
    "virtualIp.mode: is privateIp, in which a balancer's role may take any secondary address of the subnet: EC2 grants interfaces, not addresses";
  if (virtualIp.isReserved) return [role];
  return [
    role,
    `virtualIp.address: ${virtualIp.address}/32 is reserved in the subnet, and nowhere does AWS say that it takes so small a reservation; if it does not, give the third address of the block that is planned for hosts, which has its reservation`,
  ];
}

function ofOperatingSystems({ pair, cluster }: PlatformPlan): readonly string[] {
  return [
    ['haproxy', pair.machine.operatingSystem] as const,
    ['emqx', cluster.machine.operatingSystem] as const,
  ]
    .filter(([, operatingSystem]) => isExperimental(operatingSystem))
    .map(
      ([path, operatingSystem]) =>
        `${path}.operatingSystem: ${operatingSystem} is experimental: its files are checked, and no host of it was ever booted`,
    );
}

/** EC2 tracks connections of a security group whose rules are narrower than everything, on both ways. */
const mostClientsUnwarned = 100_000;
/** Of the eighth generation on, after this much silence. */
const trackedSeconds = 350;

function ofTracking({ pair, listeners }: PlatformPlan, { haproxy = {}, emqx = {} }: MqttPlatformArgs) {
  const clients = listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const isOpen = pair.egressRules.some(
    ({ what, peer }) =>
      'port' in what && what.port === 0 && what.last === 65_535 && 'cidr' in peer && peer.cidr === everywhere,
  );
  const { maxKeepaliveSeconds } = pair.settings;
  const many =
    clients < mostClientsUnwarned || isOpen
      ? []
      : [
          `listeners: ${clients} clients are ${2 * clients} connections that EC2 tracks for a balancer, up to a number for each type that AWS does not tell; watch conntrack_allowance_available, or open haproxy.egressRules`,
        ];
  const long = (['haproxy', 'emqx'] as const).flatMap((path) => {
    const type = { haproxy, emqx }[path].instanceType;
    if (maxKeepaliveSeconds < trackedSeconds || typeof type !== 'string' || !forgetsEarly(type)) return [];
    return [
      `haproxy.maxKeepaliveSeconds: is ${maxKeepaliveSeconds}, and ${path}.instanceType ${type} forgets a connection after ${trackedSeconds} s of silence: clients that are silent longer are lost without a word; give less than ${trackedSeconds}, or a type of an earlier generation`,
    ];
  });
  return [...many, ...long];
}

function forgetsEarly(type: string): boolean {
  const [, generation = '0'] = /^[a-z]+(\d+)[a-z-]*\./.exec(type) ?? [];
  return Number(generation) >= 8;
}
