import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';

/** A VPC that is to be made. */
export interface NewNetworkArgs {
  /** The VPC's range, /16 to /22; a plain value. @default `10.20.0.0/16` */
  cidr?: string;
  /** How many availability zones, 1 to 6: brokers and balancers are spread over them. @default 3 */
  zoneCount?: number;
  /** Over how many of them the balancers are spread, 1 or 2; `virtualIp.mode: privateIp` needs 1. @default 2, or 1 where there is but one zone */
  balancerZoneCount?: number;
  /**
   * The zones' names, at least zoneCount of them. Taken when a subnet is made; a later change moves none.
   * @default the region's first ones, Local Zones aside
   */
  availabilityZones?: pulumi.Input<string[]>;
  /** One NAT gateway for all zones (`single`) or one in each (`perZone`). @default `single` */
  nat?: 'single' | 'perZone';
}

/** A subnet of a VPC that exists already. */
export interface AdoptedSubnetArgs {
  /** Its id. */
  subnetId: pulumi.Input<string>;
  /** Its IPv4 range, a /26 or larger. A plain value and no Output, since addresses of hosts are planned from it. */
  cidr: string;
  /**
   * The /27 of it that hosts get their addresses from, such as `10.0.1.96/27`; not its first one. It must be free, and
   * each platform in a subnet needs its own. Another one later replaces the hosts' interfaces and hosts.
   * @default .32 to .63 of the subnet
   */
  plannedBlock?: string;
}

/** A VPC that exists already and is not touched, but for reservations of addresses in its subnets. */
export interface AdoptedNetworkArgs {
  /** The VPC's id. */
  vpcId: pulumi.Input<string>;
  /** The VPC's IPv4 range. A plain value and no Output, since names and rules are planned from it. */
  vpcCidr: string;
  /** Further IPv4 ranges of the VPC, in which subnets may lie too. @default none */
  furtherVpcCidrs?: string[];
  /** Where the balancers are placed: one subnet, or two in different zones. */
  balancerSubnets: AdoptedSubnetArgs[];
  /** Where the brokers are placed, in turn. */
  brokerSubnets: AdoptedSubnetArgs[];
  /**
   * How hosts without a public address reach package repositories and AWS's API: `nat` (a NAT gateway or instance),
   * or `endpoints`: interface endpoints of Secrets Manager and EC2 in the VPC, which alone these hosts then reach over HTTP
   * and HTTPS, and an `imageId` that has their packages or a mirror's address in its sources. There is no default: a
   * host without a way out never becomes ready.
   */
  egress: 'nat' | 'endpoints';
}

/** Either makes a network or adopts one. */
export type NetworkArgs = (NewNetworkArgs | AdoptedNetworkArgs) & {
  /** Keeps the VPC and its subnets from being deleted by mistake. @default the platform's, false without one */
  protect?: boolean;
  /** Tags on everything that can carry them. @default the platform's, none without one */
  tags?: Tags;
};

/** True where the arguments name a VPC that exists. */
export function isAdopted(args: NetworkArgs): args is AdoptedNetworkArgs & NetworkArgs {
  return 'vpcId' in args;
}
