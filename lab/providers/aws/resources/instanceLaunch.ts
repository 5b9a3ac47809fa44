import type { _InstanceType, RunInstancesCommandInput, VolumeType } from '@aws-sdk/client-ec2';
import type { Call } from '../call';
import type { Tags } from '../resource';
import { tagSpecifications } from '../tags';
import type { InstanceInputs } from './instanceInputs';

/** The root device of the images that the official provider would ask EC2 for. */
const defaultRootDevice = '/dev/xvda';

/** One RunInstances that says everything at once, so that no half-configured instance ever runs. */
export function launchRequest(call: Call, inputs: InstanceInputs): RunInstancesCommandInput {
  const { primaryNetworkInterface: primary, rootBlockDevice: root } = inputs;
  const onInterface = primary !== undefined;
  // Those of rootBlockDevice follow once the volume is there (resourceInstanceCreate).
  const volumeTags: Tags = inputs.volumeTags ?? {};
  return {
    MinCount: 1,
    MaxCount: 1,
    ImageId: inputs.ami,
    // EC2 itself judges names of types, volumes and options.
    InstanceType: inputs.instanceType as _InstanceType | undefined,
    KeyName: inputs.keyName,
    UserData: inputs.userDataBase64 ?? encoded(inputs.userData),
    IamInstanceProfile:
      inputs.iamInstanceProfile === undefined ? undefined : { Name: inputs.iamInstanceProfile },
    DisableApiTermination: inputs.disableApiTermination,
    DisableApiStop: inputs.disableApiStop,
    EbsOptimized: inputs.ebsOptimized,
    InstanceInitiatedShutdownBehavior: shutdownBehavior(inputs.instanceInitiatedShutdownBehavior),
    Monitoring: inputs.monitoring === undefined ? undefined : { Enabled: inputs.monitoring },
    Placement: placement(inputs),
    CreditSpecification:
      inputs.creditSpecification?.cpuCredits === undefined
        ? undefined
        : { CpuCredits: inputs.creditSpecification.cpuCredits },
    HibernationOptions: inputs.hibernation === undefined ? undefined : { Configured: inputs.hibernation },
    MaintenanceOptions:
      inputs.maintenanceOptions?.autoRecovery === undefined
        ? undefined
        : { AutoRecovery: inputs.maintenanceOptions.autoRecovery === 'disabled' ? 'disabled' : 'default' },
    MetadataOptions: metadataRequest(inputs.metadataOptions),
    BlockDeviceMappings:
      root === undefined
        ? undefined
        : [
            {
              DeviceName: root.deviceName ?? defaultRootDevice,
              Ebs: {
                DeleteOnTermination: root.deleteOnTermination,
                Encrypted: root.encrypted,
                Iops: root.iops,
                KmsKeyId: root.kmsKeyId,
                Throughput: root.throughput,
                VolumeSize: root.volumeSize,
                VolumeType: root.volumeType as VolumeType | undefined,
              },
            },
          ],
    NetworkInterfaces: networkInterfaces(inputs),
    SubnetId: onInterface || needsInterface(inputs) ? undefined : inputs.subnetId,
    PrivateIpAddress: onInterface || needsInterface(inputs) ? undefined : inputs.privateIp,
    SecurityGroupIds: onInterface || needsInterface(inputs) ? undefined : groups(inputs),
    TagSpecifications: [
      ...(tagSpecifications('instance', call.tags) ?? []),
      ...(tagSpecifications('volume', volumeTags) ?? []),
    ],
  };
}

export function metadataRequest(options: InstanceInputs['metadataOptions']) {
  if (options === undefined) return undefined;
  return {
    HttpEndpoint: oneOf(options.httpEndpoint, ['enabled', 'disabled'] as const),
    HttpProtocolIpv6: oneOf(options.httpProtocolIpv6, ['enabled', 'disabled'] as const),
    HttpPutResponseHopLimit: options.httpPutResponseHopLimit,
    HttpTokens: oneOf(options.httpTokens, ['optional', 'required'] as const),
    InstanceMetadataTags: oneOf(options.instanceMetadataTags, ['enabled', 'disabled'] as const),
  };
}

/** User data as EC2 takes it. */
export function encoded(userData: string | undefined): string | undefined {
  return userData === undefined ? undefined : Buffer.from(userData).toString('base64');
}

function networkInterfaces(inputs: InstanceInputs): RunInstancesCommandInput['NetworkInterfaces'] {
  const { primaryNetworkInterface: primary } = inputs;
  if (primary !== undefined) {
    return [{ DeviceIndex: 0, NetworkInterfaceId: primary.networkInterfaceId, DeleteOnTermination: false }];
  }
  if (!needsInterface(inputs)) return undefined;
  return [
    {
      DeviceIndex: 0,
      AssociatePublicIpAddress: inputs.associatePublicIpAddress,
      DeleteOnTermination: true,
      Groups: groups(inputs),
      PrivateIpAddress: inputs.secondaryPrivateIps === undefined ? inputs.privateIp : undefined,
      PrivateIpAddresses: inputs.secondaryPrivateIps?.map((PrivateIpAddress) => ({
        PrivateIpAddress,
        Primary: false,
      })),
      SubnetId: inputs.subnetId,
    },
  ];
}

/** Public addresses and further private ones can only be asked for with an interface. */
function needsInterface(inputs: InstanceInputs): boolean {
  return inputs.associatePublicIpAddress !== undefined || inputs.secondaryPrivateIps !== undefined;
}

function groups(inputs: InstanceInputs): string[] | undefined {
  return inputs.vpcSecurityGroupIds === undefined ? undefined : [...inputs.vpcSecurityGroupIds];
}

function placement(inputs: InstanceInputs): RunInstancesCommandInput['Placement'] {
  const { availabilityZone, placementGroup, placementPartitionNumber, tenancy } = inputs;
  const given = [availabilityZone, placementGroup, placementPartitionNumber, tenancy];
  if (given.every((one) => one === undefined)) return undefined;
  return {
    AvailabilityZone: availabilityZone,
    GroupName: placementGroup,
    PartitionNumber: placementPartitionNumber,
    Tenancy: oneOf(tenancy, ['default', 'dedicated', 'host'] as const),
  };
}

function shutdownBehavior(given: string | undefined) {
  return oneOf(given, ['stop', 'terminate'] as const);
}

function oneOf<T extends string>(given: string | undefined, allowed: readonly T[]): T | undefined {
  if (given === undefined) return undefined;
  const found = allowed.find((one) => one === given);
  if (found === undefined) throw new Error(`${given} is not one of ${allowed.join(', ')}`);
  return found;
}
