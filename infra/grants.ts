import * as aws from '@pulumi/aws';
import type { PlatformPlan } from '../components';
import { defaultInstanceType as balancerType } from '../components/balancers/limits';
import { defaultInstanceType as brokerType } from '../components/brokers/limits';
import { isOwn, platformTag } from '../components/rendering/naming';
import type { Problems } from '../components/rendering/problems';
import type { Configuration } from './configuration';
import type { Quota } from './quotas';
import { grantOf } from './quotas';

/** Hosts of one kind, with the argument that says what they are. */
interface Hosts {
  readonly path: 'haproxy' | 'emqx';
  readonly type: string;
  readonly count: number;
  readonly architecture: 'amd64' | 'arm64';
  /** The zones that they are placed in; none where they are not known. */
  readonly zones: readonly string[];
}

const vcpuQuota: Quota = {
  service: 'ec2',
  code: 'L-1216C47A',
  name: 'vCPUs of running On-Demand Standard instances',
};
const elasticIpQuota: Quota = { service: 'ec2', code: 'L-0263D0A3', name: 'Elastic IPs' };
/** Of a larger account not every instance is asked for: its quotas are large too. */
const mostOthers = 100;

/**
 * Asks AWS for what a new stack needs of the account, and refuses what would fail in the middle of an `up`: types that
 * do not exist, are of other processors or not offered in a zone, too few vCPUs, too few Elastic IPs. What this stack
 * has already counts as its own. A quota that may not be read is warned of.
 */
export async function checkGrants(
  plan: PlatformPlan,
  configuration: Configuration,
  problems: Problems,
): Promise<void> {
  const hosts = await hostsOf(plan, configuration);
  const own = { [platformTag]: plan.name };
  const states = ['pending', 'running', 'stopping', 'stopped'];
  const made = await aws.ec2.getInstances({ instanceTags: own, instanceStateNames: states });
  const existing = (
    await Promise.all(made.ids.map((instanceId) => aws.ec2.getInstance({ instanceId })))
  ).filter(({ tags }) => isOwn(tags));
  const wanted = hosts.reduce((sum, { count }) => sum + count, 0);
  if (existing.length >= wanted) return;
  const vcpus = await checkTypes(hosts, problems);
  await Promise.all([
    checkVcpus(hosts, vcpus, new Set(existing.map(({ id }) => id)), problems),
    checkElasticIps(plan, problems),
  ]);
}

async function hostsOf(plan: PlatformPlan, configuration: Configuration): Promise<readonly Hosts[]> {
  const { haproxy = {}, emqx = {} } = configuration;
  const { balancerZones, brokerZones } = await zonesOf(plan, configuration);
  return [
    {
      path: 'haproxy',
      type: haproxy.instanceType ?? balancerType,
      count: plan.pair.balancers.length,
      architecture: haproxy.architecture ?? 'amd64',
      zones: balancerZones,
    },
    {
      path: 'emqx',
      type: emqx.instanceType ?? brokerType,
      count: plan.cluster.brokers.length,
      architecture: emqx.architecture ?? 'amd64',
      zones: brokerZones,
    },
  ];
}

async function zonesOf({ network }: PlatformPlan, { network: args = {} }: Configuration) {
  if ('vpcId' in args) {
    const zones = async (subnets: readonly { readonly subnetId: string }[]) => {
      const found = await Promise.all(subnets.map(({ subnetId }) => aws.ec2.getSubnet({ id: subnetId })));
      return [...new Set(found.map(({ availabilityZone }) => availabilityZone))];
    };
    return {
      balancerZones: await zones(args.balancerSubnets),
      brokerZones: await zones(args.brokerSubnets),
    };
  }
  const filters = [{ name: 'opt-in-status', values: ['opt-in-not-required'] }];
  const names =
    args.availabilityZones ?? (await aws.getAvailabilityZones({ state: 'available', filters })).names;
  return {
    balancerZones: names.slice(0, network.balancerSubnets.length),
    brokerZones: names.slice(0, network.brokerSubnets.length),
  };
}

/** Gives each type's vCPUs. */
async function checkTypes(hosts: readonly Hosts[], problems: Problems): Promise<ReadonlyMap<string, number>> {
  const types = [...new Set(hosts.map(({ type }) => type))];
  const filters = [{ name: 'instance-type', values: types }];
  const offered = await aws.ec2.getInstanceTypeOfferings({ locationType: 'availability-zone', filters });
  const zonesOfType = (type: string) =>
    offered.locations.filter((_, index) => offered.instanceTypes[index] === type);
  const vcpus = new Map<string, number>();
  for (const { path, type, architecture, zones } of hosts) {
    const having = zonesOfType(type);
    if (having.length === 0) {
      problems.add(
        `${path}.instanceType`,
        `is ${type}, which no zone of the region offers; give another type`,
      );
      continue;
    }
    const without = zones.filter((zone) => !having.includes(zone));
    if (without.length > 0)
      problems.add(
        `${path}.instanceType`,
        `is ${type}, which ${without.join(', ')} does not offer; give another type, or network.availabilityZones out of ${[...having].sort().join(', ')}`,
      );
    const found = await aws.ec2.getInstanceType({ instanceType: type });
    vcpus.set(type, found.defaultVcpus);
    const processors = architecture === 'amd64' ? 'x86_64' : architecture;
    if (!found.supportedArchitectures.includes(processors))
      problems.add(
        `${path}.architecture`,
        `is ${architecture}, and ${path}.instanceType ${type} has ${found.supportedArchitectures.join(' and ')}; give a type and an architecture that fit`,
      );
  }
  return vcpus;
}

async function checkVcpus(
  hosts: readonly Hosts[],
  vcpus: ReadonlyMap<string, number>,
  own: ReadonlySet<string>,
  problems: Problems,
): Promise<void> {
  const quota = await grantOf(vcpuQuota);
  if (quota === undefined) return;
  const { ids } = await aws.ec2.getInstances({ instanceStateNames: ['pending', 'running'] });
  const others = ids.filter((id) => !own.has(id));
  if (others.length > mostOthers) return;
  const used = await usedVcpus(others, vcpus);
  const needed = hosts.reduce((sum, { type, count }) => sum + count * (vcpus.get(type) ?? 0), 0);
  const missing = used + needed - quota;
  if (missing <= 0) return;
  const sum = hosts.map(({ type, count }) => `${count} x ${type}`).join(' + ');
  problems.add(
    'emqx.instanceType',
    `needs ${needed} vCPUs with the balancers' (${sum}), others use ${used}, and the quota ${vcpuQuota.code} (${vcpuQuota.name}) is ${quota}: ${missing} are missing; ask AWS for ${used + needed} under Service Quotas, or give smaller types or fewer brokers`,
  );
}

/** Of the standard families, spot instances aside: others have quotas of their own. */
async function usedVcpus(ids: readonly string[], known: ReadonlyMap<string, number>): Promise<number> {
  const found = await Promise.all(ids.map((instanceId) => aws.ec2.getInstance({ instanceId })));
  const types = found
    .map(({ instanceType }) => instanceType)
    .filter((type) => /^(?!inf|hpc|mac|dl)[acdhimrtz]/.test(type));
  const vcpus = new Map(known);
  for (const type of new Set(types)) {
    if (!vcpus.has(type))
      vcpus.set(type, (await aws.ec2.getInstanceType({ instanceType: type })).defaultVcpus);
  }
  return types.reduce((sum, type) => sum + (vcpus.get(type) ?? 0), 0);
}

async function checkElasticIps(
  { name: platform, elasticIps: needs }: PlatformPlan,
  problems: Problems,
): Promise<void> {
  const quota = await grantOf(elasticIpQuota);
  if (quota === undefined) return;
  const { allocationIds } = await aws.ec2.getEips({});
  const all = await Promise.all(allocationIds.map((id) => aws.ec2.getElasticIp({ id })));
  const ownPlatforms = [platform, `${platform}-network`];
  const others = all.filter(({ tags }) => !(ownPlatforms.includes(tags[platformTag] ?? '') && isOwn(tags)));
  const needed = needs.virtualIp + needs.balancers + needs.natGateways;
  const missing = others.length + needed - quota;
  if (missing <= 0) return;
  problems.add(
    'elasticIpQuota',
    `needs ${needed} Elastic IPs, others have ${others.length}, and the quota ${elasticIpQuota.code} (${elasticIpQuota.name}) is ${quota}: ${missing} are missing; ask AWS for ${others.length + needed} under Service Quotas, or need fewer: network.nat: single, virtualIp.mode: route, or an allocationId of yours`,
  );
}
