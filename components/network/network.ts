import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import { formatCidr, plannedBlock } from './addresses';
import { adopt } from './adopted';
import type { NetworkArgs } from './arguments';
import { isAdopted } from './arguments';
import { makeNetwork } from './made';
import type { NetworkParts, NetworkSubnet } from './parts';
import type { NetworkPlan } from './plan';
import { planNetwork } from './plan';

/** A network whose plan is made of these arguments already, as part of a larger one. */
export type PlannedNetworkArgs = NetworkArgs & { readonly plan: NetworkPlan };

/**
 * A network for the platform: public subnets for the balancers, private ones for the brokers with a NAT gateway as
 * their way out; or an existing VPC. In every subnet a block, by default .32/27, is reserved for planned addresses.
 *
 * Throws InputPropertiesError with every problem at once: ranges that are no CIDR, that do not lie in the VPC or
 * overlap, subnets too small, a zone count out of 1 to 6.
 */
export class Network extends pulumi.ComponentResource {
  /** The VPC. */
  readonly vpcId: pulumi.Output<string>;
  /** Its IPv4 range. */
  readonly vpcCidr: string;
  /** All its ranges. */
  readonly vpcCidrs: readonly string[];
  /** Subnets for the balancers, one or two. */
  readonly balancerSubnets: readonly NetworkSubnet[];
  /** Subnets for the brokers. */
  readonly brokerSubnets: readonly NetworkSubnet[];
  /** What a host must wait for before it can reach anything: routes and NAT. */
  readonly egress: readonly pulumi.Resource[];
  /** Every route table that was made, by name; none where the network was adopted. */
  readonly routeTableIds: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(
    name: string,
    args: NetworkArgs | PlannedNetworkArgs = {},
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('Network'), name, {}, opts);
    const plan = 'plan' in args ? args.plan : planAlone(name, args);
    const made = isAdopted(args) ? adopt(args) : makeNetwork(name, args, plan, this);
    this.vpcId = made.vpcId;
    this.vpcCidr = plan.vpcCidr;
    this.vpcCidrs = plan.vpcCidrs;
    this.balancerSubnets = made.balancerSubnets;
    this.brokerSubnets = made.brokerSubnets;
    this.routeTableIds = made.routeTableIds;
    this.egress = [...made.egress, ...reservePlannedAddresses(name, made, this)];
    this.registerOutputs({ vpcId: this.vpcId });
  }
}

function planAlone(name: string, args: NetworkArgs): NetworkPlan {
  const problems = new Problems();
  const plan = planNetwork(args, 'network', problems);
  problems.throwIfAny(`Network ${name}`);
  return plan;
}

/** An explicit reservation keeps AWS from handing a planned address to something else. */
function reservePlannedAddresses(
  name: string,
  made: NetworkParts,
  parent: Network,
): readonly pulumi.Resource[] {
  const subnets = new Map(
    [...made.balancerSubnets, ...made.brokerSubnets].map(
      (subnet) => [subnet.plannedBlock ?? subnet.cidr, subnet] as const,
    ),
  );
  return [...subnets].flatMap(([label, subnet]) => {
    const block = plannedBlock(subnet);
    if (block === undefined) return [];
    return [
      new aws.ec2.SubnetCidrReservation(
        `${name}-planned-${label.replace(/[./]/g, '-')}`,
        {
          subnetId: subnet.subnetId,
          cidrBlock: formatCidr(block),
          reservationType: 'explicit',
          description: `planned addresses of ${name}`,
        },
        { parent },
      ),
    ];
  });
}
