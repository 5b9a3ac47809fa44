import * as aws from '@pulumi/aws';
import type { PlatformPlan } from '../components';
import { ruleCounts } from '../components/platform/groupRules';
import { isOwn, platformTag } from '../components/rendering/naming';
import type { Problems } from '../components/rendering/problems';
import type { Configuration } from './configuration';
import type { Quota } from './quotas';
import { grantOf } from './quotas';

const vpcs: Quota = { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs of a region' };
const groupRules: Quota = {
  service: 'vpc',
  code: 'L-0EA8095F',
  name: 'inbound or outbound rules of a security group',
};
/** What every account is granted of each; with fewer rules there is nothing to ask for. */
const rulesOfAll = 60;

/** Refuses one VPC too many, and more rules of a security group than EC2 takes: both would end an `up` in the middle. */
export async function checkVpcQuotas(
  plan: PlatformPlan,
  configuration: Configuration,
  problems: Problems,
): Promise<void> {
  await Promise.all([checkVpcs(plan, configuration, problems), checkRules(plan, problems)]);
}

async function checkVpcs(
  { name }: PlatformPlan,
  { network = {} }: Configuration,
  problems: Problems,
): Promise<void> {
  if ('vpcId' in network) return;
  const made = await aws.ec2.getVpcs({ tags: { [platformTag]: `${name}-network` } });
  const tagged = await Promise.all(made.ids.map((id) => aws.ec2.getVpc({ id })));
  if (tagged.some(({ tags }) => isOwn(tags))) return;
  const [quota, { ids }] = await Promise.all([grantOf(vpcs), aws.ec2.getVpcs({})]);
  if (quota === undefined || ids.length < quota) return;
  problems.add(
    'network',
    `needs a VPC, the region has ${ids.length}, and the quota ${vpcs.code} (${vpcs.name}) is ${quota}; give a VPC of yours (network.vpcId), or ask AWS for ${ids.length + 1} under Service Quotas`,
  );
}

async function checkRules(plan: PlatformPlan, problems: Problems): Promise<void> {
  const { balancers, brokers } = ruleCounts(plan);
  const wanted = [
    { path: 'listeners', whose: "the balancers' group to let clients in", count: balancers.from },
    { path: 'haproxy.egressRules', whose: "the balancers' group on the way out", count: balancers.to },
    { path: 'listeners', whose: "the brokers' group to let balancers in", count: brokers.from },
    { path: 'emqx.egressRules', whose: "the brokers' group on the way out", count: brokers.to },
  ].filter(({ count }) => count > rulesOfAll);
  if (wanted.length === 0) return;
  const quota = await grantOf(groupRules);
  if (quota === undefined) return;
  for (const { path, whose, count } of wanted)
    if (count > quota)
      problems.add(
        path,
        `needs ${count} rules of ${whose}, and the quota ${groupRules.code} (${groupRules.name}) is ${quota}; give fewer ranges or ports, or ask AWS for ${count} under Service Quotas`,
      );
}
