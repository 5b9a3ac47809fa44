import * as pulumi from '@pulumi/pulumi';
import type { AdoptedNetworkArgs, AdoptedSubnetArgs } from './arguments';
import type { NetworkParts } from './parts';

/** A VPC that exists as the parts of a network; nothing of it is made or changed. */
export function adopt(args: AdoptedNetworkArgs): NetworkParts {
  const subnets = (given: readonly AdoptedSubnetArgs[]) =>
    given.map(({ subnetId, ...range }) => ({ subnetId: pulumi.output(subnetId), ...range }));
  return {
    vpcId: pulumi.output(args.vpcId),
    balancerSubnets: subnets(args.balancerSubnets),
    brokerSubnets: subnets(args.brokerSubnets),
    egress: [],
    routeTableIds: {},
  };
}
