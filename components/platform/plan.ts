import type { PairPlan } from '../balancers/plan';
import { planPair } from '../balancers/plan';
import { statsPort } from '../balancers/ports';
import { balancerNames, tlsOfListeners } from '../balancers/settings';
import { comesByTls } from '../brokers/encryption';
import type { ClusterPlan } from '../brokers/plan';
import { planCluster } from '../brokers/plan';
import type { CertificatesPlan } from '../certificates/plan';
import { planCertificates } from '../certificates/plan';
import { checkAccount } from '../host/account';
import type { SshPlan } from '../host/ssh';
import { planSsh } from '../host/ssh';
import type { Listener } from '../listeners/listener';
import { planListeners } from '../listeners/plan';
import { isAdopted } from '../network/arguments';
import type { NetworkPlan } from '../network/plan';
import { planNetwork } from '../network/plan';
import type { Problem } from '../rendering/problems';
import { Problems } from '../rendering/problems';
import type { PlannedVirtualIp } from '../virtualIp/plan';
import { clientCidrs, isPublic, planVirtualIp } from '../virtualIp/plan';
import type { MqttPlatformArgs } from './arguments';
import type { ElasticIpNeeds } from './elasticIps';
import { checkElasticIps, defaultElasticIpQuota } from './elasticIps';

/**
 * A whole platform with everything decided that can be decided before AWS is asked: plain values, and each decided
 * once. The components are made from its parts.
 */
export interface PlatformPlan {
  /** The platform's, with which all names begin. */
  readonly name: string;
  /** Subnets, and what leads out of them. */
  readonly network: NetworkPlan;
  /** The mode of the address, and what it needs of the network. */
  readonly virtualIp: PlannedVirtualIp;
  /** The listeners that balancers and brokers agree on. */
  readonly listeners: readonly Listener[];
  /** The brokers, their machines and settings. */
  readonly cluster: ClusterPlan;
  /** The balancers, their machines and settings. */
  readonly pair: PairPlan;
  /** Whether certificates are made or given, and for whom. */
  readonly certificates: CertificatesPlan;
  /** The way in to the hosts. */
  readonly ssh: SshPlan;
  /** The Elastic IPs that are made. */
  readonly elasticIps: ElasticIpNeeds;
  /** Where the statistics page answers. */
  readonly statsUrl: string;
  /** Everything that is wrong with the arguments; nothing is made while there is any. */
  readonly problems: readonly Problem[];
}

/** Decides all of a platform, without touching anything. What is an Output is checked when it is known. */
export function planPlatform(name: string, args: MqttPlatformArgs): PlatformPlan {
  const problems = new Problems();
  checkName(name, problems);
  const { proxyProtocol = true, elasticIpQuota = defaultElasticIpQuota } = args;
  for (const key of ['proxyProtocol', 'elasticIpQuota', 'activeBalancer', 'protect'] as const)
    problems.refuseOutputs(key, args[key]);
  const network = planNetwork(args.network ?? {}, 'network', problems);
  const virtualIp = planVirtualIp(args.virtualIp ?? {}, network, 'virtualIp', problems);
  const certificates = planCertificates(args.certificates ?? {}, 'certificates', problems);
  const listeners = planListeners(args.listeners ?? { mqtts: {} }, problems, {
    proxyProtocol,
    clientCidrs: clientCidrs(virtualIp, network.vpcCidrs),
    ...tlsOfListeners(args.haproxy ?? {}, certificates.servers),
  });
  const cluster = planCluster(
    args.emqx ?? {},
    { subnets: network.brokerSubnets, listeners, proxyProtocol },
    problems,
  );
  const ssh = planSsh(args.ssh, 'ssh', problems);
  const pair = planPair(
    args.haproxy ?? {},
    {
      subnets: network.balancerSubnets,
      subnetsPath: 'network.balancerSubnets',
      listeners,
      brokers: cluster.brokers,
      proxyProtocol,
      brokersOverTls: comesByTls(cluster.encryption),
      publicAddresses: balancersArePublic(args, virtualIp, ssh),
    },
    problems,
  );
  const elasticIps = {
    virtualIp: isPublic(virtualIp) && args.virtualIp?.allocationId === undefined ? 1 : 0,
    balancers: pair.publicAddresses ? balancerNames.length : 0,
    natGateways: network.natGatewayCount,
  };
  checkAccount(args, problems);
  checkEgress(args, pair, problems);
  checkElasticIps(elasticIps, elasticIpQuota, 'elasticIpQuota', problems);
  return {
    name,
    network,
    virtualIp,
    listeners,
    cluster,
    pair,
    certificates,
    ssh,
    elasticIps,
    statsUrl: statsUrl(pair),
    problems: inOrderOfArguments(problems.all),
  };
}

/** Everything that is wrong with the arguments, without touching anything. What is an Output is checked when it is known. */
export function checkMqttPlatformArgs(name: string, args: MqttPlatformArgs): readonly Problem[] {
  return planPlatform(name, args).problems;
}

function checkName(name: string, problems: Problems): void {
  if (!/^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/.test(name))
    problems.add(
      'name',
      `is ${JSON.stringify(name)}; a letter, then letters, digits and hyphens, at most 20, all lower case, are allowed`,
    );
}

/**
 * Balancers have Elastic IPs of their own where that is their way out (a made network's public subnets, or any with a
 * public virtual IP), or where they are reached on them.
 */
function balancersArePublic(
  { network = {} }: MqttPlatformArgs,
  virtualIp: PlannedVirtualIp,
  { via }: SshPlan,
): boolean {
  return isPublic(virtualIp) || !isAdopted(network) || via === 'balancers';
}

/** Without a way to package repositories only an image of the user's has the packages. */
function checkEgress(
  { network = {}, haproxy = {}, emqx = {} }: MqttPlatformArgs,
  { publicAddresses }: PairPlan,
  problems: Problems,
): void {
  if (!isAdopted(network) || network.egress !== 'endpoints') return;
  const missing = [
    ...(haproxy.imageId === undefined && !publicAddresses ? ['haproxy.imageId'] : []),
    ...(emqx.imageId === undefined ? ['emqx.imageId'] : []),
  ];
  for (const path of missing)
    problems.add(
      path,
      'is missing, and network.egress is endpoints: these hosts reach no package repository; give an image that has their packages or a mirror in its sources, or use egress nat',
    );
}

/** On the preferred balancer's private address. */
function statsUrl({ balancers, settings }: PairPlan): string {
  const preferred = balancers.find(({ name }) => name === settings.preferred);
  return `http://${preferred?.address ?? ''}:${statsPort}/stats`;
}

const argumentOrder = [
  'name',
  'network',
  'emqx',
  'haproxy',
  'listeners',
  'certificates',
  'virtualIp',
  'elasticIpQuota',
  'ssh',
  'kmsKeyArn',
  'iam',
];

/** Problems are told as the arguments are written, and not as one part hangs on another. */
function inOrderOfArguments(problems: readonly Problem[]): readonly Problem[] {
  const place = ({ path }: Problem) => argumentOrder.indexOf(path.split('.')[0] ?? '');
  return problems.toSorted((a, b) => place(a) - place(b));
}
