import type * as pulumi from '@pulumi/pulumi';

/** A subnet to place hosts in. */
export interface NetworkSubnet {
  readonly subnetId: pulumi.Output<string>;
  readonly cidr: string;
}

/** The parts of a network, made or adopted. */
export interface NetworkParts {
  readonly vpcId: pulumi.Output<string>;
  readonly balancerSubnets: readonly NetworkSubnet[];
  readonly brokerSubnets: readonly NetworkSubnet[];
  /** What a host must wait for before it can reach anything: routes and NAT. */
  readonly egress: readonly pulumi.Resource[];
  /** Every route table that was made, by name. */
  readonly routeTableIds: Readonly<Record<string, pulumi.Output<string>>>;
}
