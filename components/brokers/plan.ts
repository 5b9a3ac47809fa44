import type { Rule } from '../host/rules';
import type { Machine } from '../host/machines';
import { planMachine } from '../host/machines';
import { planEgress } from '../host/openings';
import type { Listener } from '../listeners/listener';
import { checkPorts } from '../listeners/ports';
import type { SubnetRange } from '../network/addresses';
import {
  brokerAddress,
  containsAddress,
  largestBrokerOrdinal,
  parseCidr,
  plannedBlock,
} from '../network/addresses';
import type { Problems } from '../rendering/problems';
import { checkAccess } from './access';
import type { PlannedApiKey } from './apiKeys';
import { planApiKeys } from './apiKeys';
import type { BrokerArgs, BrokersArgs, EmqxArgs } from './arguments';
import type { PlannedAuthentication } from './authentication';
import { planAuthentication } from './authentication';
import type { PlannedAuthorization } from './authorization';
import { planAuthorization } from './authorization';
import type { PlannedBackup } from './backup/plan';
import { planBackup } from './backup/plan';
import type { Encryption } from './encryption';
import { checkTlsPorts, encryptionSteps, opensTlsPorts } from './encryption';
import { checkDashboardPassword } from './dashboardPassword';
import { checkLicence, dynamicMaxConnectionsOf } from './licence';
import { checkBrokerMemory } from './limits';
import { brokerPorts } from './ports';
import type { PlannedSettings } from './settings/plan';
import { planSettings } from './settings/plan';
import type { EmqxRelease } from './versions';
import { planRelease } from './versions';

/** A broker with everything decided. */
export interface PlannedBroker {
  /** Its key in `brokers`, such as `emqx-1`. */
  readonly name: string;
  /** Its number, from which its address and subnet follow unless they are given. */
  readonly ordinal: number;
  /** Its subnet among those of the brokers, from 0. */
  readonly subnetIndex: number;
  /** Its private address. */
  readonly address: string;
  /** Its name in the EMQX cluster, `emqx@` and the address. */
  readonly nodeName: string;
  /** Its share of new clients beside the others; 0 gives it none. */
  readonly weight: number;
  /** Whether its clients are moved to the others and none comes. */
  readonly drain: boolean;
}

/** A cluster with everything decided. */
export interface ClusterPlan {
  readonly brokers: readonly PlannedBroker[];
  readonly release: EmqxRelease;
  readonly isLicensed: boolean;
  /** By which a licence for critical business is judged. */
  readonly dynamicMaxConnections: number;
  readonly machine: Machine;
  /** What brokers may reach beside what they need. */
  readonly egressRules: readonly Rule[];
  readonly dataVolumeGib: number;
  /** Whether a data volume leaves a snapshot. */
  readonly finalSnapshot: boolean;
  readonly listeners: readonly Listener[];
  readonly proxyProtocol: boolean;
  readonly encryption: Encryption;
  readonly authentication: PlannedAuthentication;
  readonly authorization: PlannedAuthorization;
  readonly settings: PlannedSettings;
  readonly apiKeys: readonly PlannedApiKey[];
  /** Clients at once on each broker, which may have to carry all of them. */
  readonly maxConnections: number;
  /** Absent without backups. */
  readonly backup?: PlannedBackup;
}

/** What is decided beside the cluster's own arguments. */
export interface ClusterSurroundings {
  readonly subnets: readonly SubnetRange[];
  readonly listeners: readonly Listener[];
  readonly proxyProtocol: boolean;
}

/** What AWS and the hosts alone are told. */
const takenAsOutputs = [
  ...['licenseKey', 'cookie', 'dashboardPassword', 'secret', 'password', 'headers', 'settings'],
  ...['instanceType', 'imageId', 'furtherSecurityGroupIds', 'bucket'],
  // Of a cluster that is made alone: where it is placed. Its subnets and listeners are looked into for themselves.
  ...['vpcId', 'subnets', 'listeners', 'clientsGroupId', 'login', 'jump', 'egress', 'after'],
  ...['kmsKeyArn', 'iam', 'tags'],
];

/** Decides all of a cluster; what is wrong goes to `problems` under `emqx` and `listeners`. Touches nothing. */
export function planCluster(
  args: EmqxArgs,
  { subnets, listeners, proxyProtocol }: ClusterSurroundings,
  problems: Problems,
): ClusterPlan {
  const path = 'emqx';
  if (problems.refuseOutputs(path, args, takenAsOutputs))
    return planCluster({}, { subnets, listeners, proxyProtocol }, problems);
  const brokers = planBrokers(args.brokers ?? 3, subnets, `${path}.brokers`, problems);
  const machine = planMachine(args, path, problems);
  const { version = '5.8.9', dataVolumeGib = 8, repository = {}, instanceType } = args;
  problems.wholeNumber(`${path}.dataVolumeGib`, dataVolumeGib, 1, 16_384, 'GiB');
  const isLicensed = args.licenseKey !== undefined;
  const release = planRelease(
    version,
    { operatingSystem: machine.operatingSystem, brokerCount: brokers.length, isLicensed, repository },
    path,
    problems,
  );
  checkPorts(listeners, 'brokerPort', brokerPorts, problems);
  const { encryption = 'none' } = args;
  problems.oneOf(`${path}.encryption`, encryption, encryptionSteps);
  if (opensTlsPorts(encryption)) checkTlsPorts(listeners, problems);
  checkBrokerMemory({ listeners, brokerCount: brokers.length, instanceType, encryption }, problems);
  const access = {
    authentication: planAuthentication(
      args.authentication ?? [],
      listeners,
      `${path}.authentication`,
      problems,
    ),
    authorization: planAuthorization(args.authorization ?? {}, `${path}.authorization`, problems),
  };
  const maxConnections = listeners.reduce((sum, each) => sum + each.maxConnections, 0);
  const dynamicMaxConnections = dynamicMaxConnectionsOf(args.settings);
  if (release.packageName === 'emqx-enterprise')
    checkLicence(
      args.licenseKey,
      { clients: maxConnections, brokerCount: brokers.length, dynamicMaxConnections },
      `${path}.licenseKey`,
      problems,
    );
  checkDashboardPassword(args.dashboardPassword, `${path}.dashboardPassword`, problems);
  checkAccess(listeners, access, args.authorization, problems);
  return {
    brokers,
    release,
    isLicensed,
    dynamicMaxConnections,
    machine,
    egressRules: planEgress(args.egressRules ?? [], `${path}.egressRules`, problems),
    dataVolumeGib,
    finalSnapshot: args.finalSnapshot ?? false,
    listeners,
    proxyProtocol,
    encryption,
    ...access,
    apiKeys: planApiKeys(args.apiKeys ?? {}, version, `${path}.apiKeys`, problems),
    settings: planSettings(args.settings ?? {}, version, `${path}.settings`, problems),
    maxConnections,
    ...(args.backup === undefined ? {} : { backup: planBackup(args.backup, `${path}.backup`, problems) }),
  };
}

const namePattern = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Decides names, addresses and subnets of the brokers; what is wrong goes to `problems` under `path`. */
export function planBrokers(
  brokers: BrokersArgs,
  /** A range alone has its default block. */
  subnets: readonly (string | SubnetRange)[],
  path: string,
  problems: Problems,
): readonly PlannedBroker[] {
  const named = typeof brokers === 'number' ? numbered(brokers, path, problems) : brokers;
  const names = Object.keys(named);
  if (names.length === 0 && typeof brokers !== 'number')
    problems.add(path, 'names no broker; at least 1 is needed (3 is usual)');
  const ranges = subnets.map((subnet) => (typeof subnet === 'string' ? { cidr: subnet } : subnet));
  const planned = names.flatMap((name) =>
    planOne(name, named[name] ?? {}, ranges, `${path}.${name}`, problems),
  );
  refuseTwice(planned, 'ordinal', path, problems);
  refuseTwice(planned, 'address', path, problems);
  if (planned.length > 0 && planned.every(({ weight }) => weight === 0))
    problems.add(
      path,
      'every broker has weight 0, so no client could be served; give at least one a weight of 1 to 256',
    );
  else if (planned.length > 0 && planned.every(({ weight, drain }) => weight === 0 || drain))
    problems.add(
      path,
      'every broker drains or has weight 0, so no client could be served; let at least one take clients',
    );
  return planned;
}

function numbered(count: number, path: string, problems: Problems): Record<string, BrokerArgs> {
  const before = problems.all.length;
  problems.wholeNumber(path, count, 1, largestBrokerOrdinal, 'brokers');
  if (problems.all.length > before) return {};
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`emqx-${index + 1}`, {}]));
}

function planOne(
  name: string,
  args: BrokerArgs,
  subnets: readonly SubnetRange[],
  path: string,
  problems: Problems,
): readonly PlannedBroker[] {
  if (!namePattern.test(name))
    problems.add(
      path,
      `the name ${JSON.stringify(name)} is not a host name: a letter, then letters, digits and hyphens, at most 40, all lower case`,
    );
  const ordinal = args.ordinal ?? Number(/(\d+)$/.exec(name)?.[1] ?? 'NaN');
  if (Number.isNaN(ordinal)) {
    problems.add(path, 'the name ends in no number; give `ordinal` (1 to 28), or a name such as emqx-4');
    return [];
  }
  problems.wholeNumber(`${path}.ordinal`, ordinal, 1, largestBrokerOrdinal);
  const weight = args.weight ?? 100;
  problems.wholeNumber(`${path}.weight`, weight, 0, 256);
  if (subnets.length === 0) return [];
  const address = args.address;
  const given =
    address === undefined
      ? -1
      : subnets.findIndex(({ cidr }) => {
          const subnet = parseCidr(cidr);
          return subnet !== undefined && containsAddress(subnet, address);
        });
  if (address !== undefined && given < 0) {
    problems.add(
      `${path}.address`,
      `${JSON.stringify(address)} lies in none of the brokers' subnets; give an address within one of them, or none`,
    );
    return [];
  }
  const subnetIndex = address === undefined ? (ordinal - 1) % subnets.length : given;
  const subnet = subnets[subnetIndex];
  const block = subnet === undefined ? undefined : plannedBlock(subnet);
  if (block === undefined) return [];
  const chosen = address ?? brokerAddress(block, ordinal);
  return [
    {
      name,
      ordinal,
      subnetIndex,
      address: chosen,
      nodeName: `emqx@${chosen}`,
      weight,
      drain: args.drain ?? false,
    },
  ];
}

function refuseTwice(
  planned: readonly PlannedBroker[],
  key: 'ordinal' | 'address',
  path: string,
  problems: Problems,
): void {
  const owners = new Map<string | number, string>();
  for (const broker of planned) {
    const value = broker[key];
    const owner = owners.get(value);
    if (owner === undefined) owners.set(value, broker.name);
    else
      problems.add(
        `${path}.${broker.name}.${key}`,
        `is ${value}, which ${owner} has already; each broker needs its own`,
      );
  }
}
