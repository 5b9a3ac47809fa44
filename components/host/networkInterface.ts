import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';

/** The network interface of a host. */
export interface InterfaceArgs {
  /** The subnet to be placed in. */
  subnetId: pulumi.Input<string>;
  /** Its primary private address; it outlives the instance. */
  address: string;
  /** Further private addresses on the same interface. @default none */
  secondaryAddresses?: string[];
  /** True turns EC2's source/destination check off: routes bring packets for an address that is not the interface's. @default false */
  takesAnyDestination?: boolean;
  /** True where the hosts themselves move secondary addresses, which are then nobody's property here. @default false */
  addressesMove?: boolean;
  /** Its security groups. */
  securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
  /** What must be there before it, and be deleted after it. @default nothing */
  interfaceAfter?: readonly pulumi.Resource[];
}

/** The interface that a host boots on: made first, and outliving its instances, it keeps its address. */
export function hostInterface(
  name: string,
  args: InterfaceArgs,
  tags: Tags,
  kept: pulumi.CustomResourceOptions,
): aws.ec2.NetworkInterface {
  return new aws.ec2.NetworkInterface(
    `${name}-interface`,
    {
      subnetId: args.subnetId,
      // The ordered list: its first entry is the primary address, which `privateIps` does not promise.
      privateIpListEnabled: true,
      privateIpLists: [args.address, ...(args.secondaryAddresses ?? [])],
      ...(args.takesAnyDestination === true ? { sourceDestCheck: false } : {}),
      securityGroups: args.securityGroupIds,
      description: name,
      tags,
    },
    {
      ...kept,
      dependsOn: [...(args.interfaceAfter ?? [])],
      deleteBeforeReplace: true,
      ...(args.addressesMove === true
        ? { ignoreChanges: ['privateIpLists', 'privateIps', 'privateIpsCount'] }
        : {}),
    },
  );
}

/** An Elastic IP of the host itself. EC2 associates it only where the network's gateway is attached, so it waits for `egress`. */
export function hostAddress(
  name: string,
  { address }: Pick<InterfaceArgs, 'address'>,
  networkInterface: aws.ec2.NetworkInterface,
  tags: Tags,
  kept: pulumi.CustomResourceOptions,
  egress: readonly pulumi.Resource[],
): aws.ec2.Eip {
  return new aws.ec2.Eip(
    `${name}-address`,
    // On the primary address by name: the VIP's Elastic IP comes and goes on the secondary one.
    { domain: 'vpc', networkInterface: networkInterface.id, associateWithPrivateIp: address, tags },
    { ...kept, dependsOn: [...egress] },
  );
}
