import type * as pulumi from '@pulumi/pulumi';
import type { SubnetRange } from './addresses';

/** A subnet to place hosts in. */
export interface NetworkSubnet extends SubnetRange {
  /** Its id in EC2. */
  readonly subnetId: pulumi.Output<string>;
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
