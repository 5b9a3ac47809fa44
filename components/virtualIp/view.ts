export type VirtualIpView =
  | {
      readonly mode: 'elasticIp';
      /** The secondary private address of this balancer's interface that the Elastic IP maps to. */
      readonly privateAddress: string;
      /** Known by AWS only: they reach the host in aws.json. */
      readonly allocationId: string;
      readonly interfaceId: string;
      readonly publicAddress: string;
    }
  | {
      readonly mode: 'route';
      readonly address: string;
      readonly routeTableIds: readonly string[];
      readonly interfaceId: string;
    }
  | {
      readonly mode: 'privateIp';
      readonly address: string;
      /** The subnet of both balancers: another VPC may have the same address. */
      readonly subnetId: string;
      readonly interfaceId: string;
      /** The Elastic IP on the address, which follows it. */
      readonly allocationId?: string;
    };
