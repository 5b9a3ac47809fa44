import type { Instance, Volume } from '@aws-sdk/client-ec2';
import { isGone, type Call } from '../call';
import type { Known, Read } from '../resource';
import { tagMap } from '../tags';
import { ec2Arn } from './arn';
import type { instanceInputs, instanceOutputs } from './instanceInputs';

type Shapes = [typeof instanceInputs, typeof instanceOutputs];
type State = 'running' | 'stopped' | 'terminated';

export async function findInstance(call: Call, id: string): Promise<Instance | undefined> {
  return (await reservation(call, id))?.Instances?.[0];
}

/** Waits for a state; an instance on its way to another end fails with EC2's reason. */
export async function awaitState(call: Call, id: string, wanted: State): Promise<void> {
  await call.until(`instance ${id} to be ${wanted}`, async () => {
    const found = await findInstance(call, id);
    const now = found?.State?.Name;
    if (now === wanted || (wanted === 'terminated' && found === undefined)) return true;
    const lost = wanted !== 'terminated' && (now === 'terminated' || now === 'shutting-down');
    if (lost) {
      throw new Error(
        `instance ${id} is ${now} and not ${wanted}: ${found?.StateReason?.Message ?? 'no reason given'}`,
      );
    }
    return undefined;
  });
}

export async function readInstance(
  call: Call,
  id: string,
  known: Known<Shapes[0], Shapes[1]>,
): Promise<Read<Shapes[0], Shapes[1]> | undefined> {
  const holder = await reservation(call, id);
  const found = holder?.Instances?.[0];
  const stateName = found?.State?.Name;
  if (found === undefined || stateName === 'terminated' || stateName === 'shutting-down') return undefined;
  const [userData, protection, volumes] = await Promise.all([
    attribute(call, id, 'userData'),
    attribute(call, id, 'disableApiTermination'),
    attachedVolumes(call, found),
  ]);
  const primary = found.NetworkInterfaces?.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
  const devices = (found.BlockDeviceMappings ?? []).map((mapping) => ({
    isRoot: mapping.DeviceName === found.RootDeviceName,
    device: blockDevice(
      mapping.DeviceName,
      mapping.Ebs?.DeleteOnTermination,
      volumes.get(mapping.Ebs?.VolumeId ?? ''),
    ),
  }));
  const encodedData = userData.UserData?.Value;
  const inBase64 = known.userDataBase64 !== undefined;
  const { MetadataOptions: options } = found;
  return {
    ami: found.ImageId,
    associatePublicIpAddress: known.associatePublicIpAddress ?? found.PublicIpAddress !== undefined,
    availabilityZone: found.Placement?.AvailabilityZone,
    disableApiTermination: protection.DisableApiTermination?.Value ?? false,
    ebsOptimized: found.EbsOptimized ?? false,
    iamInstanceProfile: found.IamInstanceProfile?.Arn?.split('/').at(-1),
    instanceType: found.InstanceType,
    keyName: found.KeyName,
    metadataOptions: {
      httpEndpoint: options?.HttpEndpoint,
      httpProtocolIpv6: options?.HttpProtocolIpv6,
      httpPutResponseHopLimit: options?.HttpPutResponseHopLimit,
      httpTokens: options?.HttpTokens,
      instanceMetadataTags: options?.InstanceMetadataTags,
    },
    monitoring: found.Monitoring?.State === 'enabled' || found.Monitoring?.State === 'pending',
    placementGroup: found.Placement?.GroupName === '' ? undefined : found.Placement?.GroupName,
    primaryNetworkInterface:
      primary?.NetworkInterfaceId === undefined
        ? undefined
        : {
            deleteOnTermination: primary.Attachment?.DeleteOnTermination,
            networkInterfaceId: primary.NetworkInterfaceId,
          },
    privateIp: found.PrivateIpAddress,
    rootBlockDevice: devices.find(({ isRoot }) => isRoot)?.device,
    secondaryPrivateIps: primary?.PrivateIpAddresses?.filter(({ Primary }) => Primary === false).map(
      ({ PrivateIpAddress }) => PrivateIpAddress ?? '',
    ),
    sourceDestCheck: found.SourceDestCheck ?? true,
    subnetId: found.SubnetId,
    tenancy: found.Placement?.Tenancy,
    userData:
      inBase64 || encodedData === undefined ? undefined : Buffer.from(encodedData, 'base64').toString(),
    userDataBase64: inBase64 ? encodedData : undefined,
    vpcSecurityGroupIds: found.SecurityGroups?.map(({ GroupId }) => GroupId ?? ''),
    arn: ec2Arn(call, holder?.OwnerId, 'instance', id),
    ebsBlockDevices: devices
      .filter(({ isRoot }) => !isRoot)
      .map(({ device }) => ({ ...device, snapshotId: undefined })),
    instanceLifecycle: found.InstanceLifecycle,
    instanceState: stateName,
    primaryNetworkInterfaceId: primary?.NetworkInterfaceId,
    privateDns: found.PrivateDnsName,
    publicDns: found.PublicDnsName,
    publicIp: found.PublicIpAddress ?? primary?.Association?.PublicIp,
    tags: tagMap(found.Tags),
  };
}

async function reservation(call: Call, id: string) {
  try {
    return (await (await call.ec2()).describeInstances({ InstanceIds: [id] })).Reservations?.[0];
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function attribute(call: Call, InstanceId: string, Attribute: 'userData' | 'disableApiTermination') {
  return (await call.ec2()).describeInstanceAttribute({ InstanceId, Attribute });
}

async function attachedVolumes(call: Call, found: Instance): Promise<ReadonlyMap<string, Volume>> {
  const VolumeIds = (found.BlockDeviceMappings ?? []).flatMap(({ Ebs }) =>
    Ebs?.VolumeId ? [Ebs.VolumeId] : [],
  );
  if (VolumeIds.length === 0) return new Map();
  const { Volumes = [] } = await (await call.ec2()).describeVolumes({ VolumeIds });
  return new Map(Volumes.map((volume) => [volume.VolumeId ?? '', volume]));
}

function blockDevice(
  deviceName: string | undefined,
  deleteOnTermination: boolean | undefined,
  volume?: Volume,
) {
  return {
    deleteOnTermination: deleteOnTermination ?? true,
    deviceName,
    encrypted: volume?.Encrypted ?? false,
    iops: volume?.Iops,
    kmsKeyId: volume?.KmsKeyId,
    tags: tagMap(volume?.Tags),
    tagsAll: tagMap(volume?.Tags),
    throughput: volume?.Throughput,
    volumeId: volume?.VolumeId,
    volumeSize: volume?.Size,
    volumeType: volume?.VolumeType,
  };
}
