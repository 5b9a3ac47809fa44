import { partitionOf } from '../../../api/partition';
import { awsFunction } from '../function';
import { ec2Arn } from '../resources/arn';
import { optional, text } from '../shape';
import { tagMap } from '../tags';
import { byFilters, filtersFor, onlyOne } from './filters';

/** An Elastic IP and who holds it at the moment. */
export const getElasticIp = awsFunction({
  token: 'aws:ec2/getElasticIp:getElasticIp',
  args: { ...byFilters, id: optional(text), publicIp: optional(text) },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeAddresses({
      AllocationIds: args.id === undefined ? undefined : [args.id],
      PublicIps: args.publicIp === undefined ? undefined : [args.publicIp],
      Filters: filtersFor(args),
    });
    const found = onlyOne('Elastic IP', answer.Addresses, args);
    const { PublicIp = '', PrivateIpAddress, AllocationId = '' } = found;
    const dashed = (address: string) => address.replaceAll('.', '-');
    return {
      arn: ec2Arn(call, await call.account(), 'elastic-ip', AllocationId),
      associationId: found.AssociationId,
      carrierIp: found.CarrierIp,
      domain: found.Domain,
      filters: args.filters,
      id: AllocationId,
      instanceId: found.InstanceId,
      networkInterfaceId: found.NetworkInterfaceId,
      networkInterfaceOwnerId: found.NetworkInterfaceOwnerId,
      privateDns: PrivateIpAddress && `ip-${dashed(PrivateIpAddress)}.${call.region}.compute.internal`,
      privateIp: PrivateIpAddress,
      publicDns: `ec2-${dashed(PublicIp)}.${call.region}.compute.${partitionOf(call.region).dnsSuffix}`,
      publicIp: PublicIp,
      publicIpv4Pool: found.PublicIpv4Pool,
      region: call.region,
      tags: tagMap(found.Tags),
    };
  },
});

export const getEips = awsFunction({
  token: 'aws:ec2/getEips:getEips',
  args: byFilters,
  async run(call, args) {
    const { Addresses = [] } = await (await call.ec2()).describeAddresses({ Filters: filtersFor(args) });
    return {
      allocationIds: Addresses.flatMap(({ AllocationId }) =>
        AllocationId === undefined ? [] : [AllocationId],
      ),
      filters: args.filters,
      id: call.region,
      publicIps: Addresses.map(({ PublicIp }) => PublicIp),
      region: call.region,
      tags: args.tags,
    };
  },
});

export const getNetworkInterface = awsFunction({
  token: 'aws:ec2/getNetworkInterface:getNetworkInterface',
  args: { ...byFilters, id: optional(text) },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeNetworkInterfaces({
      NetworkInterfaceIds: args.id === undefined ? undefined : [args.id],
      Filters: filtersFor(args),
    });
    const found = onlyOne('network interface', answer.NetworkInterfaces, args);
    const { Association: association, Attachment: attachment } = found;
    const id = found.NetworkInterfaceId ?? '';
    return {
      arn: ec2Arn(call, found.OwnerId, 'network-interface', id),
      associations:
        association === undefined
          ? []
          : [
              {
                allocationId: association.AllocationId ?? '',
                associationId: association.AssociationId ?? '',
                carrierIp: association.CarrierIp ?? '',
                customerOwnedIp: association.CustomerOwnedIp ?? '',
                ipOwnerId: association.IpOwnerId ?? '',
                publicDnsName: association.PublicDnsName ?? '',
                publicIp: association.PublicIp ?? '',
              },
            ],
      attachments:
        attachment === undefined
          ? []
          : [
              {
                attachmentId: attachment.AttachmentId ?? '',
                deviceIndex: attachment.DeviceIndex ?? 0,
                instanceId: attachment.InstanceId ?? '',
                instanceOwnerId: attachment.InstanceOwnerId ?? '',
                networkCardIndex: attachment.NetworkCardIndex ?? 0,
              },
            ],
      availabilityZone: found.AvailabilityZone,
      description: found.Description,
      filters: args.filters,
      id,
      interfaceType: found.InterfaceType,
      ipv6Addresses: (found.Ipv6Addresses ?? []).map(({ Ipv6Address }) => Ipv6Address),
      macAddress: found.MacAddress,
      ownerId: found.OwnerId,
      privateDnsName: found.PrivateDnsName,
      privateIp: found.PrivateIpAddress,
      privateIps: (found.PrivateIpAddresses ?? []).map(({ PrivateIpAddress }) => PrivateIpAddress),
      region: call.region,
      requesterId: found.RequesterId,
      securityGroups: (found.Groups ?? []).map(({ GroupId }) => GroupId),
      subnetId: found.SubnetId,
      tags: tagMap(found.TagSet),
      vpcId: found.VpcId,
    };
  },
});

export const getNetworkInterfaces = awsFunction({
  token: 'aws:ec2/getNetworkInterfaces:getNetworkInterfaces',
  args: byFilters,
  async run(call, args) {
    const Filters = filtersFor(args);
    const { NetworkInterfaces = [] } = await (await call.ec2()).describeNetworkInterfaces({ Filters });
    const ids = NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
    return { filters: args.filters, id: call.region, ids, region: call.region, tags: args.tags ?? {} };
  },
});
