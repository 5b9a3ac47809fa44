import { AwsError } from '../awsError';
import { bootable } from '../images';
import { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import type { Actions } from './action';
import { describeInstance } from './describeInstances';
import type { InstanceRecord, MetadataOptions } from './instanceRecord';
import { readProfile } from './instanceProfiles';
import { mustBeLaunchable } from './instanceTypes';
import { inUse, newInterface } from './interfaces';
import { boot, release } from './lifeCycle';
import type { InterfaceRecord } from './records';
import { accountId, newId, type Region } from './region';

/** EC2's limit, before base64. */
export const userDataLimitBytes = 16_384;

export const runInstancesActions: Actions = {
  async RunInstances(region, parameters) {
    const clientToken = parameters.text('ClientToken') ?? '';
    const former = [...region.instances.values()].find(
      (each) => clientToken !== '' && each.clientToken === clientToken,
    );
    if (former !== undefined) return reservation(region, former);
    mustBeOne(parameters);
    const image = bootable(parameters.required('ImageId'));
    const userData = readUserData(parameters.text('UserData'));
    const publicKeys = await readPublicKeys(region, parameters.text('KeyName'));
    const profile = await readProfile(region, parameters.structure('IamInstanceProfile'));
    const instanceType = parameters.text('InstanceType') ?? 't3.micro';
    await mustBeLaunchable(region, image, instanceType, targetZone(region, parameters));
    mustBeTagged(region, parameters);
    const instanceId = newId('i');
    const root = rootDisk(parameters, image.rootDevice);
    const primary = attachInterface(region, parameters, instanceId);
    const { availabilityZone } = region.subnet(primary.subnetId);
    const record: InstanceRecord = {
      instanceId,
      reservationId: newId('r'),
      imageId: image.imageId,
      operatingSystem: image.operatingSystem,
      subnetId: primary.subnetId,
      interfaceId: primary.interfaceId,
      privateIp: primary.addresses[0] ?? '',
      availabilityZone,
      launchedAt: new Date(),
      clientToken,
      keyName: parameters.text('KeyName'),
      publicKeys,
      rootVolumeId: newId('vol'),
      placementGroup: parameters.text('Placement.GroupName'),
      instanceType,
      userData,
      profile,
      state: 'pending',
      disableApiTermination: parameters.flag('DisableApiTermination') ?? false,
      disableApiStop: parameters.flag('DisableApiStop') ?? false,
      shutdownBehaviour:
        parameters.text('InstanceInitiatedShutdownBehavior') === 'terminate' ? 'terminate' : 'stop',
      metadata: readMetadataOptions(parameters.structure('MetadataOptions')),
      monitoring: parameters.flag('Monitoring.Enabled') ?? false,
      ebsOptimized: parameters.flag('EbsOptimized') ?? false,
    };
    region.instances.set(instanceId, record);
    region.volumes.set(record.rootVolumeId, {
      volumeId: record.rootVolumeId,
      availabilityZone,
      sizeGib: root.integer('VolumeSize') ?? 8,
      volumeType: root.text('VolumeType') ?? 'gp3',
      encrypted: root.flag('Encrypted') ?? false,
      iops: root.integer('Iops') ?? 3000,
      throughput: root.integer('Throughput') ?? 125,
      createdAt: record.launchedAt,
      root: true,
      attachment: {
        instanceId,
        device: image.rootDevice,
        attachedAt: record.launchedAt,
        deleteOnTermination: true,
        state: 'attached',
      },
    });
    for (const [id, type] of [
      [instanceId, 'instance'],
      [record.rootVolumeId, 'volume'],
    ] as const) {
      const tags = parameters.tagsFor(type);
      if (tags.size > 0) region.tags.set(id, tags);
    }
    try {
      await region.settle();
    } catch (error) {
      record.state = 'shutting-down';
      await release(region, record).catch(() => undefined);
      throw error;
    }
    boot(region, record);
    return reservation(region, record);
  },
};

function reservation(region: Region, record: InstanceRecord): XmlObject {
  const instancesSet = [describeInstance(region, record)];
  return { reservationId: record.reservationId, ownerId: accountId, groupSet: [], instancesSet };
}

function mustBeOne(parameters: Parameters): void {
  if (parameters.integer('MinCount') === 1 && parameters.integer('MaxCount') === 1) return;
  throw new AwsError(
    'InvalidParameterValue',
    'lab: MinCount and MaxCount must be 1, one instance for each call',
  );
}

/** Decodes user data and holds it to EC2's limit. */
export function readUserData(base64: string | undefined): Buffer {
  const userData = Buffer.from(base64 ?? '', 'base64');
  if (userData.length <= userDataLimitBytes) return userData;
  const message = `User data is limited to ${userDataLimitBytes} bytes; this is ${userData.length}`;
  throw new AwsError('InvalidParameterValue', message);
}

async function readPublicKeys(region: Region, keyName: string | undefined): Promise<string[]> {
  if (keyName === undefined) return [];
  const parameters = Parameters.of({
    Action: 'DescribeKeyPairs',
    'KeyName.1': keyName,
    IncludePublicKey: 'true',
  });
  const keys = (await region.moto.query('ec2', region.name, parameters)).items('keySet');
  return keys.map((key) => key.text('publicKey').trim());
}

function rootDisk(parameters: Parameters, rootDevice: string): Parameters {
  const mappings = parameters.structures('BlockDeviceMapping');
  const others = mappings.filter((mapping) => mapping.text('DeviceName') !== rootDevice);
  if (others.length > 0) {
    const names = others.map((mapping) => mapping.text('DeviceName') ?? '').join(', ');
    const message = `lab: further disks are volumes of their own, attached by AttachVolume; not ${names}`;
    throw new AwsError('InvalidBlockDeviceMapping', message);
  }
  return mappings[0]?.structure('Ebs') ?? Parameters.of({});
}

export function readMetadataOptions(options: Parameters, former?: MetadataOptions): MetadataOptions {
  const state = (name: string, fallback: boolean | undefined, on: string) => {
    const given = options.text(name);
    return given === undefined ? fallback : given === on;
  };
  return {
    enabled: state('HttpEndpoint', former?.enabled, 'enabled') ?? true,
    tokensRequired: state('HttpTokens', former?.tokensRequired, 'required') ?? false,
    hopLimit: options.integer('HttpPutResponseHopLimit') ?? former?.hopLimit ?? 1,
    tags: state('InstanceMetadataTags', former?.tags, 'enabled') ?? false,
  };
}

/** The interface given, or a new one in the subnet given; never a second one. */
function attachInterface(region: Region, parameters: Parameters, instanceId: string): InterfaceRecord {
  const given = parameters.structures('NetworkInterface');
  const [primary = parameters] = given;
  if (given.length > 1 || (primary.integer('DeviceIndex') ?? 0) !== 0) {
    throw new AwsError('InvalidParameterValue', 'lab: machines have one interface, of device index 0');
  }
  const interfaceId = primary.text('NetworkInterfaceId');
  const existing = interfaceId === undefined ? undefined : region.interface(interfaceId);
  if (existing?.attachment !== undefined) throw inUse(existing);
  if (existing === undefined && wantsPublicAddress(region, primary)) {
    const message = 'lab: public addresses are Elastic IPs; AssociatePublicIpAddress must be false';
    throw new AwsError('UnsupportedOperation', message);
  }
  const record = existing ?? newInterface(region, primary);
  record.attachment = {
    attachmentId: newId('eni-attach'),
    instanceId,
    attachedAt: new Date(),
    deleteOnTermination: primary.flag('DeleteOnTermination') ?? existing === undefined,
  };
  return record;
}

/** The zone of the interface or subnet given; EC2 chooses none by itself here. */
function targetZone(region: Region, parameters: Parameters): string {
  const [primary = parameters] = parameters.structures('NetworkInterface');
  const interfaceId = primary.text('NetworkInterfaceId');
  const subnetId =
    interfaceId === undefined ? primary.required('SubnetId') : region.interface(interfaceId).subnetId;
  return region.subnet(subnetId).availabilityZone;
}

/** A policy of the organization sees the tags of the launch itself, and none that follow. */
function mustBeTagged(region: Region, parameters: Parameters): void {
  const tags = parameters.tagsFor('volume');
  const missing = region.account.volumeTags.filter((key) => !tags.has(key));
  if (missing.length === 0) return;
  const message =
    'You are not authorized to perform this operation. User: lab is not authorized to perform: ';
  const why = `ec2:RunInstances on resource: volume/* with an explicit deny in a service control policy (tags ${missing.join(', ')})`;
  throw new AwsError('UnauthorizedOperation', message + why, 403);
}

function wantsPublicAddress(region: Region, parameters: Parameters): boolean {
  const given = parameters.flag('AssociatePublicIpAddress');
  return given ?? region.subnet(parameters.required('SubnetId')).mapPublicIpOnLaunch;
}
