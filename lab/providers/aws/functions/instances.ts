import type { _InstanceType, Image, InstanceStateName, LocationType } from '@aws-sdk/client-ec2';
import { awsFunction } from '../function';
import { ec2Arn } from '../resources/arn';
import { readInstance } from '../resources/instanceState';
import { chosen, defaulted, flag, list, map, object, optional, required, text } from '../shape';
import { tagMap } from '../tags';
import { byFilters, filtersFor, onlyOne } from './filters';

const filters = optional(list(object({ name: required(text), values: required(list(text)) })));
const alive = ['pending', 'running', 'stopping', 'stopped'];

export const getInstance = awsFunction({
  token: 'aws:ec2/getInstance:getInstance',
  args: {
    filters,
    getPasswordData: defaulted(flag, false),
    getUserData: defaulted(flag, false),
    instanceId: optional(text),
    instanceTags: optional(map(text)),
    tags: optional(map(text)),
  },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeInstances({
      InstanceIds: args.instanceId === undefined ? undefined : [args.instanceId],
      Filters: filtersFor({ filters: args.filters, tags: args.instanceTags }),
    });
    const living = (answer.Reservations ?? [])
      .flatMap(({ Instances }) => Instances ?? [])
      .filter(({ State }) => alive.includes(State?.Name ?? ''));
    const { InstanceId: id = '', LaunchTime } = onlyOne('instance', living, args);
    const state = await readInstance(call, id, { userDataBase64: '' });
    const { metadataOptions, rootBlockDevice, primaryNetworkInterfaceId, userDataBase64, ...rest } =
      state ?? {};
    return {
      ...rest,
      filters: args.filters,
      id,
      instanceId: id,
      instanceTags: state?.tags ?? {},
      launchTime: LaunchTime?.toISOString(),
      metadataOptions: [metadataOptions],
      networkInterfaceId: primaryNetworkInterfaceId,
      region: call.region,
      rootBlockDevices: rootBlockDevice === undefined ? [] : [rootBlockDevice],
      userDataBase64: args.getUserData ? userDataBase64 : undefined,
    };
  },
});

export const getInstances = awsFunction({
  token: 'aws:ec2/getInstances:getInstances',
  args: { filters, instanceStateNames: optional(list(text)), instanceTags: optional(map(text)) },
  async run(call, args) {
    // Running ones, unless said otherwise: so does the official provider.
    const states = (args.instanceStateNames ?? ['running']) as readonly InstanceStateName[];
    const Filters = [
      ...(filtersFor({ filters: args.filters, tags: args.instanceTags }) ?? []),
      { Name: 'instance-state-name', Values: [...states] },
    ];
    const answer = await (await call.ec2()).describeInstances({ Filters });
    const found = (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
    return {
      filters: args.filters,
      id: call.region,
      ids: found.map(({ InstanceId }) => InstanceId),
      instanceStateNames: args.instanceStateNames,
      instanceTags: args.instanceTags ?? {},
      ipv6Addresses: [],
      privateIps: found.flatMap(({ PrivateIpAddress }) => (PrivateIpAddress ? [PrivateIpAddress] : [])),
      publicIps: found.flatMap(({ PublicIpAddress }) => (PublicIpAddress ? [PublicIpAddress] : [])),
      region: call.region,
    };
  },
});

export const getAmi = awsFunction({
  token: 'aws:ec2/getAmi:getAmi',
  args: {
    ...byFilters,
    allowUnsafeFilter: optional(flag),
    executableUsers: optional(list(text)),
    includeDeprecated: defaulted(flag, false),
    mostRecent: defaulted(flag, false),
    nameRegex: optional(text),
    owners: optional(list(text)),
  },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeImages({
      ExecutableUsers: args.executableUsers === undefined ? undefined : [...args.executableUsers],
      Filters: filtersFor(args),
      IncludeDeprecated: args.includeDeprecated,
      Owners: args.owners === undefined ? undefined : [...args.owners],
    });
    const pattern = new RegExp(args.nameRegex ?? '');
    const matching = (answer.Images ?? [])
      .filter(({ Name = '' }) => pattern.test(Name))
      .sort((a, b) => ((a.CreationDate ?? '') > (b.CreationDate ?? '') ? -1 : 1));
    const found = onlyOne('image', args.mostRecent ? matching.slice(0, 1) : matching, args);
    return {
      ...describeImage(found),
      arn: ec2Arn(call, '', 'image', found.ImageId ?? ''),
      region: call.region,
    };
  },
});

export const getInstanceTypeOffering = awsFunction({
  token: 'aws:ec2/getInstanceTypeOffering:getInstanceTypeOffering',
  args: { filters, locationType: chosen(text), preferredInstanceTypes: optional(list(text)) },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeInstanceTypeOfferings({
      Filters: filtersFor({ filters: args.filters, tags: undefined }),
      LocationType: args.locationType as LocationType | undefined,
    });
    const offered = answer.InstanceTypeOfferings ?? [];
    const preferred = (args.preferredInstanceTypes ?? [])
      .map((type) => offered.find(({ InstanceType }) => InstanceType === type))
      .find((one) => one !== undefined);
    const found = preferred ?? onlyOne('instance type', offered, args);
    return {
      filters: args.filters,
      id: found.InstanceType,
      instanceType: found.InstanceType,
      location: found.Location,
      locationType: args.locationType,
      preferredInstanceTypes: args.preferredInstanceTypes,
      region: call.region,
    };
  },
});

export const getInstanceTypeOfferings = awsFunction({
  token: 'aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings',
  args: { filters, locationType: chosen(text) },
  async run(call, args) {
    const answer = await (
      await call.ec2()
    ).describeInstanceTypeOfferings({
      Filters: filtersFor({ filters: args.filters, tags: undefined }),
      LocationType: args.locationType as LocationType | undefined,
    });
    const offered = answer.InstanceTypeOfferings ?? [];
    return {
      filters: args.filters,
      id: call.region,
      instanceTypes: offered.map(({ InstanceType }) => InstanceType),
      locationType: args.locationType,
      locationTypes: offered.map(({ LocationType }) => LocationType),
      locations: offered.map(({ Location }) => Location),
      region: call.region,
    };
  },
});

export const getInstanceType = awsFunction({
  token: 'aws:ec2/getInstanceType:getInstanceType',
  args: { instanceType: required(text) },
  async run(call, { instanceType }) {
    // EC2 itself judges the name.
    const InstanceTypes = [instanceType as _InstanceType];
    const answer = await (await call.ec2()).describeInstanceTypes({ InstanceTypes });
    const found = onlyOne('instance type', answer.InstanceTypes, { instanceType });
    return {
      autoRecoverySupported: found.AutoRecoverySupported ?? false,
      bareMetal: found.BareMetal ?? false,
      burstablePerformanceSupported: found.BurstablePerformanceSupported ?? false,
      currentGeneration: found.CurrentGeneration ?? false,
      defaultCores: found.VCpuInfo?.DefaultCores,
      defaultThreadsPerCore: found.VCpuInfo?.DefaultThreadsPerCore,
      defaultVcpus: found.VCpuInfo?.DefaultVCpus,
      ebsOptimizedSupport: found.EbsInfo?.EbsOptimizedSupport,
      enaSupport: found.NetworkInfo?.EnaSupport,
      freeTierEligible: found.FreeTierEligible ?? false,
      hypervisor: found.Hypervisor,
      id: instanceType,
      instanceStorageSupported: found.InstanceStorageSupported ?? false,
      instanceType,
      maximumIpv4AddressesPerInterface: found.NetworkInfo?.Ipv4AddressesPerInterface,
      maximumNetworkInterfaces: found.NetworkInfo?.MaximumNetworkInterfaces,
      memorySize: found.MemoryInfo?.SizeInMiB,
      networkPerformance: found.NetworkInfo?.NetworkPerformance,
      region: call.region,
      supportedArchitectures: found.ProcessorInfo?.SupportedArchitectures,
      sustainedClockSpeed: found.ProcessorInfo?.SustainedClockSpeedInGhz,
    };
  },
});

function describeImage(image: Image) {
  return {
    architecture: image.Architecture,
    // Flat and by names of its own: the official provider's.
    blockDeviceMappings: (image.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
      deviceName: DeviceName,
      ebs: {
        delete_on_termination: String(Ebs?.DeleteOnTermination ?? false),
        volume_size: String(Ebs?.VolumeSize ?? 0),
        volume_type: Ebs?.VolumeType ?? '',
      },
      noDevice: '',
      virtualName: '',
    })),
    bootMode: image.BootMode,
    creationDate: image.CreationDate,
    description: image.Description,
    enaSupport: image.EnaSupport ?? false,
    hypervisor: image.Hypervisor,
    id: image.ImageId,
    imageId: image.ImageId,
    imageLocation: image.ImageLocation,
    imageOwnerAlias: image.ImageOwnerAlias,
    imageType: image.ImageType,
    name: image.Name,
    ownerId: image.OwnerId,
    platformDetails: image.PlatformDetails,
    productCodes: [],
    public: image.Public ?? false,
    rootDeviceName: image.RootDeviceName,
    rootDeviceType: image.RootDeviceType,
    state: image.State,
    tags: tagMap(image.Tags),
    virtualizationType: image.VirtualizationType,
  };
}
