import * as aws from '@pulumi/aws';
import type { PlatformPlan } from '../components';
import { containsAddress, plannedBlock } from '../components/network/addresses';
import { isOwn, platformTag } from '../components/rendering/naming';
import type { Problems } from '../components/rendering/problems';
import type { Configuration } from './configuration';

/** A planned address: whose it will be, and the argument that decides it. */
interface Planned {
  readonly subnetId: string;
  readonly address: string;
  readonly whose: string;
  readonly path: string;
  /** How to have another one. */
  readonly wayOut: string;
}

/**
 * Asks EC2 whether the planned addresses of a VIP and hosts in a VPC of the user's are free, and refuses those that
 * something else has: its interface could not be made, in the middle of an `up`. A network that is made is empty.
 */
export async function checkAddresses(
  plan: PlatformPlan,
  { network = {} }: Configuration,
  problems: Problems,
): Promise<void> {
  if (!('vpcId' in network)) return;
  const planned = plannedAddresses(plan, network);
  for (const subnetId of new Set(planned.map((each) => each.subnetId)))
    await checkSubnet(
      planned.filter((each) => each.subnetId === subnetId),
      plan.name,
      problems,
    );
}

type Adopted = Extract<NonNullable<Configuration['network']>, { vpcId: string }>;

function plannedAddresses(plan: PlatformPlan, network: Adopted): readonly Planned[] {
  const ofHost = (key: 'balancerSubnets' | 'brokerSubnets', index: number) => ({
    subnetId: network[key][index]?.subnetId ?? '',
    path: `network.${key}[${index}].plannedBlock`,
    wayOut: 'give a /27 of the subnet that is free',
  });
  const { virtualIp } = plan;
  return [
    ...plan.pair.balancers.flatMap(({ name, subnetIndex, address, vipAddress }) => [
      { ...ofHost('balancerSubnets', subnetIndex), address, whose: name },
      ...(virtualIp.mode === 'elasticIp'
        ? [{ ...ofHost('balancerSubnets', subnetIndex), address: vipAddress, whose: `${name} as the VIP's` }]
        : []),
    ]),
    ...(virtualIp.mode === 'privateIp'
      ? [
          {
            ...ofHost('balancerSubnets', 0),
            address: virtualIp.address,
            whose: 'the VIP',
            path: 'virtualIp.address',
            wayOut: 'give an address of the subnet that is free',
          },
        ]
      : []),
    ...plan.cluster.brokers.map(({ name, subnetIndex, address }) => ({
      ...ofHost('brokerSubnets', subnetIndex),
      address,
      whose: name,
      ...(isInBlock(address, plan.network.brokerSubnets[subnetIndex])
        ? {}
        : { path: `emqx.brokers.${name}.address`, wayOut: 'give an address that is free' }),
    })),
  ];
}

function isInBlock(address: string, subnet: PlatformPlan['network']['brokerSubnets'][number] | undefined) {
  const block = subnet === undefined ? undefined : plannedBlock(subnet);
  return block !== undefined && containsAddress(block, address);
}

async function checkSubnet(planned: readonly Planned[], platform: string, problems: Problems): Promise<void> {
  const [first] = planned;
  if (first === undefined) return;
  const filters = [
    { name: 'subnet-id', values: [first.subnetId] },
    { name: 'addresses.private-ip-address', values: planned.map(({ address }) => address) },
  ];
  const { ids } = await aws.ec2.getNetworkInterfaces({ filters });
  const found = await Promise.all(ids.map((id) => aws.ec2.getNetworkInterface({ id })));
  for (const { id, description, privateIps, tags } of found) {
    if (tags[platformTag] === platform && isOwn(tags)) continue;
    for (const { address, whose, path, wayOut } of planned)
      if (privateIps.includes(address))
        problems.add(
          path,
          `plans ${address} for ${whose}, and ${id} (${description === '' ? 'without a description' : description}) has it; ${wayOut}`,
        );
  }
}
