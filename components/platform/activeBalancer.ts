import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import { ownStack, platformTag, roleTag, stackTag } from '../rendering/naming';
import type { PlannedVirtualIp } from '../virtualIp/plan';
import type { PlatformPlan } from './plan';

/**
 * Who holds the virtual IP at this moment, by name: a fact of EC2, not of Pulumi's state, asked anew for each run so
 * that changes reach the standby first. Undefined while nobody of this platform holds it. `allocationId` is that of an
 * Elastic IP of the user's; `options` name the AWS provider to ask, where it is not the default one.
 */
export async function activeBalancer(
  { name: platform, virtualIp }: Pick<PlatformPlan, 'name' | 'virtualIp'>,
  allocationId?: string,
  options: pulumi.InvokeOptions = {},
): Promise<string | undefined> {
  const pair = await interfacesOf(platform, options);
  if (pair.length === 0) return undefined;
  const holder = await holderOf({ virtualIp, platform, allocationId }, pair, options);
  const name = pair.find(({ id }) => id === holder)?.name;
  return name?.startsWith(`${platform}-`) === true ? name.slice(platform.length + 1) : undefined;
}

interface PairInterface {
  readonly id: string;
  readonly name: string | undefined;
  readonly vpcId: string;
  readonly addresses: readonly string[];
}

/** The balancers' interfaces: they are there before their instances and outlive them. */
async function interfacesOf(
  platform: string,
  options: pulumi.InvokeOptions,
): Promise<readonly PairInterface[]> {
  const { ids } = await aws.ec2.getNetworkInterfaces({ tags: virtualIpTags(platform) }, options);
  const all = await Promise.all(
    ids.map(async (id) => {
      const { tags, vpcId, privateIps } = await aws.ec2.getNetworkInterface({ id }, options);
      return { id, name: tags['Name'], vpcId, addresses: privateIps, tags };
    }),
  );
  return ofThisStack(all);
}

/** This stack's own; those that 0.1.0 made have no tag of their stack until the first `up` since. */
function ofThisStack<T extends { readonly tags: Readonly<Record<string, string>> }>(
  all: readonly T[],
): readonly T[] {
  const own = all.filter(({ tags }) => tags[stackTag] === ownStack());
  return own.length > 0 ? own : all.filter(({ tags }) => tags[stackTag] === undefined);
}

/** The interface that holds the address, by its mode. */
async function holderOf(
  { virtualIp, platform, allocationId }: Sought,
  pair: readonly PairInterface[],
  options: pulumi.InvokeOptions,
): Promise<string | undefined> {
  switch (virtualIp.mode) {
    case 'elasticIp':
      return holderOfElasticIp(platform, allocationId, options);
    case 'route':
      return targetOfRoute(virtualIp.address, pair[0]?.vpcId ?? '', options);
    case 'privateIp':
      return pair.find(({ addresses }) => addresses.includes(virtualIp.address))?.id;
  }
}

interface Sought {
  readonly virtualIp: PlannedVirtualIp;
  readonly platform: string;
  readonly allocationId: string | undefined;
}

async function holderOfElasticIp(
  platform: string,
  allocationId: string | undefined,
  options: pulumi.InvokeOptions,
): Promise<string | undefined> {
  if (allocationId !== undefined)
    return (await aws.ec2.getElasticIp({ id: allocationId }, options)).networkInterfaceId;
  const { allocationIds } = await aws.ec2.getEips({ tags: virtualIpTags(platform) }, options);
  const all = await Promise.all(allocationIds.map((id) => aws.ec2.getElasticIp({ id }, options)));
  // Each balancer's own Elastic IP has the same tags, but another name.
  const ofVip = all.filter(({ tags }) => tags['Name'] === `${platform}-vip-address`);
  return ofThisStack(ofVip)[0]?.networkInterfaceId;
}

async function targetOfRoute(
  address: string,
  vpcId: string,
  options: pulumi.InvokeOptions,
): Promise<string | undefined> {
  const destination = `${address}/32`;
  const filters = [{ name: 'route.destination-cidr-block', values: [destination] }];
  const { ids } = await aws.ec2.getRouteTables({ vpcId, filters }, options);
  const [id] = ids;
  if (id === undefined) return undefined;
  const { routes } = await aws.ec2.getRouteTable({ routeTableId: id }, options);
  return routes.find(({ cidrBlock }) => cidrBlock === destination)?.networkInterfaceId;
}

function virtualIpTags(platform: string): Record<string, string> {
  return { [platformTag]: platform, [roleTag]: 'virtual-ip' };
}
