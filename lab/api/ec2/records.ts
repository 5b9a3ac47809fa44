/** What the front itself keeps of EC2. Everything else (VPCs, subnets, security groups, ...) is moto's. */

export type Tags = Map<string, string>;

export interface InterfaceRecord {
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly mac: string;
  readonly requesterManaged: boolean;
  description: string;
  /** The primary private address first. */
  addresses: string[];
  sourceDestCheck: boolean;
  securityGroupIds: string[];
  attachment?: InterfaceAttachment | undefined;
}

export interface InterfaceAttachment {
  readonly attachmentId: string;
  readonly instanceId: string;
  readonly attachedAt: Date;
  deleteOnTermination: boolean;
}

export interface ElasticIpRecord {
  readonly allocationId: string;
  readonly publicIp: string;
  association?: ElasticIpAssociation | undefined;
}

export interface ElasticIpAssociation {
  readonly associationId: string;
  readonly interfaceId: string;
  readonly privateIp: string;
}

export type RouteTarget =
  | { readonly kind: 'local' }
  | { readonly kind: 'internetGateway'; readonly gatewayId: string }
  | { readonly kind: 'natGateway'; readonly natGatewayId: string }
  | { readonly kind: 'networkInterface'; readonly interfaceId: string };

export interface RouteTableRecord {
  readonly routeTableId: string;
  readonly vpcId: string;
  /** Destination to target. */
  readonly routes: Map<string, RouteTarget>;
  /** By association id; the main table has one without a subnet. */
  readonly associations: Map<string, { readonly subnetId?: string }>;
}

export interface NatGatewayRecord {
  readonly natGatewayId: string;
  readonly subnetId: string;
  readonly interfaceId: string;
  readonly allocationId: string;
  readonly createdAt: Date;
  state: 'available' | 'deleted';
}

export interface PlacementGroupRecord {
  readonly groupId: string;
  readonly name: string;
  readonly strategy: string;
  readonly spreadLevel?: string | undefined;
  readonly partitionCount?: number | undefined;
}

export interface VolumeRecord {
  readonly volumeId: string;
  readonly availabilityZone: string;
  sizeGib: number;
  readonly encrypted: boolean;
  volumeType: string;
  iops?: number | undefined;
  throughput?: number | undefined;
  readonly createdAt: Date;
  /** A root volume lives and dies with its machine's disk. */
  readonly root: boolean;
  attachment?: VolumeAttachment | undefined;
}

export interface VolumeAttachment {
  readonly instanceId: string;
  readonly device: string;
  readonly attachedAt: Date;
  deleteOnTermination: boolean;
  state: 'attaching' | 'attached' | 'detaching' | 'busy';
}
