import type { PlannedBroker } from '../brokers/plan';
import type { Rule } from '../host/rules';
import type { Machine } from '../host/machines';
import { planMachine } from '../host/machines';
import type { HostSoftware } from '../host/packages';
import { planEgress } from '../host/openings';
import type { Listener } from '../listeners/listener';
import { checkPorts } from '../listeners/ports';
import type { SubnetRange } from '../network/addresses';
import { balancerAddress, balancerVipAddress, plannedBlock } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { HaproxyArgs } from './arguments';
import type { BalancerLimits } from './limits';
import { checkBalancerMemory, planLimits } from './limits';
import { balancerPorts } from './ports';
import type { BalancerSettings } from './settings';
import { balancerNames, planSettings } from './settings';
import { planSoftware } from './software';

/** A balancer with everything decided. */
export interface PlannedBalancer {
  /** haproxy-1 or haproxy-2. */
  readonly name: string;
  /** Its subnet among those of the balancers, from 0. */
  readonly subnetIndex: number;
  /** Its private address. */
  readonly address: string;
  /** Where the VIP's Elastic IP maps to while this one is active. */
  readonly vipAddress: string;
  /** VRRP's. */
  readonly priority: number;
}

/** A pair with everything decided. */
export interface PairPlan {
  readonly balancers: readonly PlannedBalancer[];
  readonly settings: BalancerSettings;
  readonly machine: Machine;
  readonly software: HostSoftware;
  /** What balancers may reach beside what they need. */
  readonly egressRules: readonly Rule[];
  readonly limits: BalancerLimits;
  readonly listeners: readonly Listener[];
  /** Those behind. */
  readonly brokers: readonly PlannedBroker[];
  readonly proxyProtocol: boolean;
  /** Whether they are come to by TLS. */
  readonly brokersOverTls: boolean;
  /** Whether each has an Elastic IP of its own. */
  readonly publicAddresses: boolean;
}

/** What is decided beside the pair's own arguments. */
export interface PairSurroundings extends Pick<
  PairPlan,
  'listeners' | 'brokers' | 'proxyProtocol' | 'brokersOverTls' | 'publicAddresses'
> {
  readonly subnets: readonly SubnetRange[];
  /** Where the subnets are in the arguments. */
  readonly subnetsPath: string;
}

/** Decides all of a pair; what is wrong goes to `problems` under `haproxy`, `listeners` and the subnets' path. Touches nothing. */
export function planPair(
  args: HaproxyArgs,
  { subnets, subnetsPath, ...surroundings }: PairSurroundings,
  problems: Problems,
): PairPlan {
  if (problems.refuseOutputs('haproxy', args, takenAsOutputs))
    return planPair({}, { subnets, subnetsPath, ...surroundings }, problems);
  const machine = planMachine(args, 'haproxy', problems);
  const settings = planSettings(args, problems);
  const balancers = planBalancers(subnets, settings.preferred, subnetsPath, problems);
  const { listeners } = surroundings;
  const dashboard = settings.dashboard === undefined ? [] : [settings.dashboard.port];
  const ownPorts = {
    ...balancerPorts,
    ...Object.fromEntries(dashboard.map((port) => [port, 'the dashboard'])),
  };
  checkPorts(listeners, 'port', ownPorts, problems);
  for (const port of dashboard)
    if (balancerPorts[port] !== undefined)
      problems.add('haproxy.dashboard.port', `is ${port}, which is for ${balancerPorts[port]}; give another`);
  if (settings.refuseLongKeepalive && !listeners.some(({ inspect }) => inspect))
    problems.add(
      'haproxy.refuseLongKeepalive',
      'is true, and on no listener is a CONNECT seen; leave it out, or give one of mqtt or mqtts that is inspected',
    );
  const { operatingSystem } = machine;
  const { brokersOverTls } = surroundings;
  checkBalancerMemory(
    { listeners, operatingSystem, instanceType: args.instanceType, brokersOverTls },
    problems,
  );
  const egressRules = planEgress(args.egressRules ?? [], 'haproxy.egressRules', problems);
  return {
    balancers,
    settings,
    machine,
    software: planSoftware(args, machine, problems),
    egressRules,
    limits: planLimits(listeners, dashboard),
    ...surroundings,
  };
}

/** What AWS and the hosts alone are told. */
const takenAsOutputs = [
  ...['instanceType', 'imageId', 'furtherSecurityGroupIds', 'password'],
  // Of a pair that is made alone: where it is placed, and what it works with.
  ...['vpcId', 'vpcCidr', 'subnets', 'brokerSubnets', 'listeners', 'certificates', 'virtualIp'],
  ...['login', 'ssh', 'reach', 'egress', 'kmsKeyArn', 'iam', 'tags'],
];

/** Decides names, subnets and addresses of the pair. */
function planBalancers(
  subnets: readonly SubnetRange[],
  preferred: string,
  path: string,
  problems: Problems,
): readonly PlannedBalancer[] {
  if (subnets.length > 2) problems.add(path, `has ${subnets.length} subnets; the pair needs one or two`);
  return balancerNames.flatMap((name, index) => {
    const subnetIndex = index % Math.max(1, subnets.length);
    const subnet = subnets[subnetIndex];
    const block = subnet === undefined ? undefined : plannedBlock(subnet);
    if (block === undefined) return [];
    const ordinal = index === 0 ? 1 : 2;
    return [
      {
        name,
        subnetIndex,
        address: balancerAddress(block, ordinal),
        vipAddress: balancerVipAddress(block, ordinal),
        // Both high: the time to a takeover is three adverts and (256 - priority)/256 of a fourth.
        priority: name === preferred ? 250 : 240,
      },
    ];
  });
}
