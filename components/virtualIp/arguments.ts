import type * as pulumi from '@pulumi/pulumi';

/** The one address that clients use, and how it moves. */
export interface VirtualIpArgs {
  /**
   * `elasticIp`: public, across availability zones; it maps to a secondary private address of the active balancer, so
   * that each balancer keeps its own way to AWS's API. `route`: private, across zones: an address outside the VPC's
   * range that route tables send to the active balancer. `privateIp`: a secondary private address of the one subnet
   * that both balancers are in, of which a balancer may then take any other secondary address too: EC2 grants
   * interfaces, not addresses.
   * @default `elasticIp`
   */
  mode?: VirtualIpMode;
  /**
   * elasticIp, and privateIp with `publicAddress`: an Elastic IP of yours, by allocation id.
   * @default a new one
   */
  allocationId?: pulumi.Input<string>;
  /**
   * route: a private address outside the VPC's range and outside of all networks that the VPC is connected to, such
   * as `10.255.0.1`; needed there. privateIp: an address of the balancers' subnet that is neither the hosts' nor
   * another's; of the block that is planned for hosts the third and fourth are free.
   * @default the subnet's .31; with a plannedBlock the third address of it
   */
  address?: string;
  /**
   * route: ids of the route tables whose subnets have clients, each under a name of yours; needed with a VPC that
   * exists. A balancer may then rewrite any route of these tables, the default route too: EC2 grants a table, not a
   * destination.
   * @default all tables of a VPC that is made here
   */
  routeTableIds?: Record<string, pulumi.Input<string>>;
  /** privateIp: true puts an Elastic IP on the address, which moves with it, and is then the endpoint. @default false */
  publicAddress?: boolean;
}

/** How the address moves on EC2. */
export type VirtualIpMode = 'elasticIp' | 'route' | 'privateIp';
