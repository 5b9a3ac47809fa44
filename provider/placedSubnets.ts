import * as pulumi from '@pulumi/pulumi';
import type { NetworkSubnet, Problems } from '../components';
import { checkSubnet } from '../components/network/zones';
import type { PlacedSubnetArgs } from './arguments';
import { knownText } from './settle';

/** Subnets as the components take them: which ranges they have must be known, and what is wrong goes to `problems`. */
export function placedSubnets(
  subnets: readonly PlacedSubnetArgs[],
  path: string,
  problems: Problems,
): Promise<readonly NetworkSubnet[]> {
  if (subnets.length === 0) problems.add(path, 'is empty; give at least one subnet');
  return Promise.all(subnets.map((subnet, index) => placedSubnet(subnet, `${path}[${index}]`, problems)));
}

async function placedSubnet(
  { subnetId, cidr, plannedBlock }: PlacedSubnetArgs,
  path: string,
  problems: Problems,
): Promise<NetworkSubnet> {
  const before = problems.all.length;
  const range = {
    cidr: await knownText(cidr, `${path}.cidr`, problems),
    ...(plannedBlock === undefined ? {} : { plannedBlock }),
  };
  if (problems.all.length === before) checkSubnet(range, path, problems);
  return { subnetId: pulumi.output(subnetId), ...range };
}
