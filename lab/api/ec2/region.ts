import { randomBytes } from 'node:crypto';
import type { Fabric, Machines, Vpc } from '../../model';
import { AwsError } from '../awsError';
import { contains, formatAddress, parseRange } from '../../ipv4';
import type { MotoApi } from '../moto';
import { usualAccount, type Account } from './account';
import { ApplyQueue } from './applyQueue';
import type { InstanceRecord } from './instanceRecord';
import { emptyNetwork, type NetworkView } from './network';
import type {
  ElasticIpRecord,
  InterfaceRecord,
  NatGatewayRecord,
  PlacementGroupRecord,
  RouteTableRecord,
  Tags,
  VolumeRecord,
} from './records';
import { toVpc } from './vpcModel';

export const accountId = '123456789012';

export interface RegionParts {
  readonly name: string;
  readonly fabric: Fabric;
  readonly machines: Machines;
  readonly moto: MotoApi;
  /** The range that Elastic IPs are taken from. */
  readonly elasticIpRange: string;
}

/** The state of EC2 in the lab's one region, and the way from it to the fabric. */
export class Region {
  readonly name: string;
  readonly fabric: Fabric;
  readonly machines: Machines;
  readonly moto: MotoApi;
  readonly elasticIpRange: string;

  readonly interfaces = new Map<string, InterfaceRecord>();
  readonly elasticIps = new Map<string, ElasticIpRecord>();
  readonly routeTables = new Map<string, RouteTableRecord>();
  readonly natGateways = new Map<string, NatGatewayRecord>();
  readonly volumes = new Map<string, VolumeRecord>();
  readonly instances = new Map<string, InstanceRecord>();
  /** By name. */
  readonly placementGroups = new Map<string, PlacementGroupRecord>();
  /** Policies of S3's buckets, by name: moto would take a Deny without looking at its conditions. */
  readonly bucketPolicies = new Map<string, string>();
  /** Of the resources above, by resource id. */
  readonly tags = new Map<string, Tags>();
  /** What AWS grants the account. */
  account: Account = usualAccount;
  /** What moto keeps and the front must know. */
  network: NetworkView = emptyNetwork;

  private readonly applyQueue: ApplyQueue;

  constructor(parts: RegionParts) {
    this.name = parts.name;
    this.fabric = parts.fabric;
    this.machines = parts.machines;
    this.moto = parts.moto;
    this.elasticIpRange = parts.elasticIpRange;
    let applied: Vpc | undefined;
    this.applyQueue = new ApplyQueue(async () => {
      // A deleted VPC is applied once more, empty, so that its network goes.
      const vpc = toVpc(this) ?? (applied && emptied(applied));
      if (vpc === undefined) return;
      await this.fabric.apply(vpc);
      applied = vpc;
    });
  }

  /** Resolves when the fabric is as the records were at the call, or newer. */
  settle(): Promise<void> {
    return this.applyQueue.settle();
  }

  /** As `settle`, without a change of one's own: waits for those under way, repeats one that failed. */
  caughtUp(): Promise<void> {
    return this.applyQueue.caughtUp();
  }

  tagsOf(resourceId: string): ReadonlyMap<string, string> {
    return this.tags.get(resourceId) ?? new Map<string, string>();
  }

  owns(resourceId: string): boolean {
    if (resourceId.startsWith('pg-')) return true;
    return [
      this.interfaces,
      this.elasticIps,
      this.routeTables,
      this.natGateways,
      this.volumes,
      this.instances,
    ].some((records) => records.has(resourceId));
  }

  interface(interfaceId: string): InterfaceRecord {
    const message = `The networkInterface ID '${interfaceId}' does not exist`;
    return found(this.interfaces.get(interfaceId), 'InvalidNetworkInterfaceID.NotFound', message);
  }

  elasticIp(allocationId: string): ElasticIpRecord {
    const message = `The allocation ID '${allocationId}' does not exist`;
    return found(this.elasticIps.get(allocationId), 'InvalidAllocationID.NotFound', message);
  }

  routeTable(routeTableId: string): RouteTableRecord {
    const message = `The routeTable ID '${routeTableId}' does not exist`;
    return found(this.routeTables.get(routeTableId), 'InvalidRouteTableID.NotFound', message);
  }

  volume(volumeId: string): VolumeRecord {
    const message = `The volume '${volumeId}' does not exist.`;
    return found(this.volumes.get(volumeId), 'InvalidVolume.NotFound', message);
  }

  instance(instanceId: string): InstanceRecord {
    const message = `The instance ID '${instanceId}' does not exist`;
    return found(this.instances.get(instanceId), 'InvalidInstanceID.NotFound', message);
  }

  natGateway(natGatewayId: string): NatGatewayRecord {
    const message = `The Nat Gateway ${natGatewayId} was not found`;
    return found(this.natGateways.get(natGatewayId), 'NatGatewayNotFound', message);
  }

  subnet(subnetId: string): NetworkView['subnets'][number] {
    const subnet = this.network.subnets.find((each) => each.subnetId === subnetId);
    return found(subnet, 'InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
  }

  /** The VPC's own resolver: its base address + 2. */
  resolverAddress(): string {
    const range = parseRange(this.network.vpc?.cidr ?? '');
    if (range === undefined) throw new Error('there is no VPC, so there is no resolver');
    return formatAddress(range.first + 2);
  }

  /** Whether an address lies in the VPC's range. */
  isInVpc(address: string): boolean {
    const { vpc } = this.network;
    return vpc !== undefined && contains(vpc.cidr, address);
  }

  /** The interface that holds a private address, with what it is attached to. */
  holderOf(address: string): InterfaceRecord | undefined {
    for (const record of this.interfaces.values()) {
      if (record.addresses.includes(address)) return record;
    }
    return undefined;
  }
}

function found<T>(record: T | undefined, code: string, message: string): T {
  if (record === undefined) throw new AwsError(code, message);
  return record;
}

function emptied({ vpcId, cidr }: Vpc): Vpc {
  const nothing = { subnets: [], routeTables: [], interfaces: [], elasticIps: [], natGateways: [] };
  return { vpcId, cidr, ...nothing, securityGroups: [] };
}

/** An id as EC2 makes them: the prefix and 17 hexadecimal digits. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString('hex').slice(0, 17)}`;
}
