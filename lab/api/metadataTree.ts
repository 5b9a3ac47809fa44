import { bootable } from './images';
import { elasticIpOf, privateDnsName } from './ec2/interfaces';
import type { InstanceRecord } from './ec2/instanceRecord';
import { accountId, type Region } from './ec2/region';
import type { InstanceCredentials } from './iam/instanceCredentials';
import { partitionOf } from './partition';
import { parseRange } from '../ipv4';

export interface MetadataTree {
  readonly [name: string]: MetadataTree | string;
}

/** What an instance can read about itself, as it is now. User data reaches it by its disk, not from here. */
export function metadataTree(
  region: Region,
  instance: InstanceRecord,
  issued: InstanceCredentials,
): MetadataTree {
  const own = region.interface(instance.interfaceId);
  const publicIp = elasticIpOf(region, own, instance.privateIp)?.publicIp;
  const hostname = privateDnsName(region, instance.privateIp);
  const { name: partition, dnsSuffix } = partitionOf(region.name);
  const groups = own.securityGroupIds.map(
    (id) => region.network.securityGroups.find((group) => group.groupId === id)?.name ?? id,
  );
  return {
    'meta-data': {
      'ami-id': instance.imageId,
      hostname,
      iam: iam(instance, issued),
      'instance-id': instance.instanceId,
      'instance-life-cycle': 'on-demand',
      'instance-type': instance.instanceType,
      'local-hostname': hostname,
      'local-ipv4': instance.privateIp,
      mac: own.mac,
      network: { interfaces: { macs: { [own.mac]: interfaceTree(region, instance) } } },
      placement: {
        'availability-zone': instance.availabilityZone,
        region: region.name,
        ...(instance.placementGroup === undefined ? {} : { 'group-name': instance.placementGroup }),
      },
      ...(publicIp === undefined ? {} : { 'public-ipv4': publicIp }),
      'reservation-id': instance.reservationId,
      'security-groups': groups.join('\n'),
      services: { domain: dnsSuffix, partition },
      ...(instance.metadata.tags
        ? { tags: { instance: Object.fromEntries(region.tagsOf(instance.instanceId)) } }
        : {}),
    },
    dynamic: { 'instance-identity': { document: identity(region, instance) } },
  };
}

function iam(instance: InstanceRecord, issued: InstanceCredentials): MetadataTree {
  const { profile } = instance;
  if (profile === undefined) return {};
  const time = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
  const credentials = issued.of(instance.instanceId, profile.roleName);
  const info = {
    Code: 'Success',
    LastUpdated: time(credentials.issuedAt),
    InstanceProfileArn: profile.arn,
    InstanceProfileId: profile.profileId,
  };
  const secret = {
    Code: 'Success',
    LastUpdated: time(credentials.issuedAt),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.token,
    Expiration: time(credentials.expiresAt),
  };
  return {
    info: JSON.stringify(info, undefined, 2),
    'security-credentials': { [profile.roleName]: JSON.stringify(secret, undefined, 2) },
  };
}

function interfaceTree(region: Region, instance: InstanceRecord): MetadataTree {
  const own = region.interface(instance.interfaceId);
  const subnet = region.subnet(own.subnetId);
  const associations = own.addresses.flatMap((address) => {
    const publicIp = elasticIpOf(region, own, address)?.publicIp;
    return publicIp === undefined ? [] : [[publicIp, address] as const];
  });
  const vpcCidr = region.network.vpc?.cidr ?? '';
  return {
    'device-number': '0',
    'interface-id': own.interfaceId,
    ...(associations.length === 0 ? {} : { 'ipv4-associations': Object.fromEntries(associations) }),
    'local-hostname': privateDnsName(region, instance.privateIp),
    'local-ipv4s': own.addresses.join('\n'),
    mac: own.mac,
    'owner-id': accountId,
    ...(associations.length === 0 ? {} : { 'public-ipv4s': associations.map(([ip]) => ip).join('\n') }),
    'security-group-ids': own.securityGroupIds.join('\n'),
    'subnet-id': own.subnetId,
    'subnet-ipv4-cidr-block': subnet.cidr,
    'vpc-id': subnet.vpcId,
    'vpc-ipv4-cidr-block': vpcCidr,
    'vpc-ipv4-cidr-blocks': parseRange(vpcCidr) === undefined ? '' : vpcCidr,
  };
}

function identity(region: Region, instance: InstanceRecord): string {
  const document = {
    accountId,
    architecture: bootable(instance.imageId).architecture,
    availabilityZone: instance.availabilityZone,
    imageId: instance.imageId,
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    pendingTime: instance.launchedAt.toISOString(),
    privateIp: instance.privateIp,
    region: region.name,
    version: '2017-09-30',
  };
  return JSON.stringify(document, undefined, 2);
}
