import type { MachineState } from '../../model';
import { images } from '../images';
import type { XmlObject } from '../xml';
import { tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import type { InstanceRecord } from './instanceRecord';
import {
  describeAddresses,
  describeAssociation,
  describeGroups,
  elasticIpOf,
  privateDnsName,
} from './interfaces';
import type { InterfaceRecord } from './records';
import { accountId, type Region } from './region';

export const describeInstancesActions: Actions = {
  DescribeInstances(region, parameters) {
    const ids = parameters.list('InstanceId');
    const records = selected(ids, region.instances, (id) => region.instance(id));
    const found = matching(records, parameters, (record) => instanceFilters(region, record));
    const reservationSet = found.map((record) => ({
      reservationId: record.reservationId,
      ownerId: accountId,
      groupSet: [],
      instancesSet: [describeInstance(region, record)],
    }));
    return { reservationSet };
  },

  DescribeInstanceStatus(region, parameters) {
    const ids = parameters.list('InstanceId');
    const all = parameters.flag('IncludeAllInstances') ?? false;
    const records = selected(ids, region.instances, (id) => region.instance(id));
    const shown = records.filter((record) => all || record.state === 'running');
    const found = matching(shown, parameters, (record) => instanceFilters(region, record));
    return { instanceStatusSet: found.map(describeStatus) };
  },
};

export function stateOf(state: MachineState): XmlObject {
  const codes = {
    pending: 0,
    running: 16,
    'shutting-down': 32,
    terminated: 48,
    stopping: 64,
    stopped: 80,
  } as const;
  return { code: codes[state], name: state };
}

export function describeInstance(region: Region, record: InstanceRecord): XmlObject {
  const attached = attachedInterface(region, record);
  const elasticIp = attached && elasticIpOf(region, attached, record.privateIp);
  const gone = record.state === 'terminated';
  return {
    instanceId: record.instanceId,
    imageId: record.imageId,
    instanceState: stateOf(record.state),
    stateReason: record.stateReason,
    instanceType: record.instanceType,
    keyName: record.keyName,
    amiLaunchIndex: 0,
    launchTime: record.launchedAt.toISOString(),
    placement: {
      availabilityZone: record.availabilityZone,
      groupName: record.placementGroup,
      tenancy: 'default',
    },
    monitoring: { state: record.monitoring ? 'enabled' : 'disabled' },
    subnetId: gone ? undefined : record.subnetId,
    vpcId: gone ? undefined : region.network.vpc?.vpcId,
    privateIpAddress: gone ? undefined : record.privateIp,
    privateDnsName: gone ? '' : privateDnsName(region, record.privateIp),
    ipAddress: elasticIp?.publicIp,
    dnsName: '',
    sourceDestCheck: attached?.sourceDestCheck,
    groupSet: attached === undefined ? [] : describeGroups(region, attached),
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: rootDeviceName(record),
    blockDeviceMapping: describeDisks(region, record),
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    ebsOptimized: record.ebsOptimized,
    clientToken: record.clientToken,
    iamInstanceProfile: record.profile && { arn: record.profile.arn, id: record.profile.profileId },
    networkInterfaceSet: attached === undefined ? [] : [describeAttached(region, record, attached)],
    metadataOptions: describeMetadataOptions(record),
    tagSet: tagSet(region, record.instanceId),
  };
}

export function describeMetadataOptions({ metadata }: InstanceRecord): XmlObject {
  return {
    state: 'applied',
    httpTokens: metadata.tokensRequired ? 'required' : 'optional',
    httpPutResponseHopLimit: metadata.hopLimit,
    httpEndpoint: metadata.enabled ? 'enabled' : 'disabled',
    httpProtocolIpv6: 'disabled',
    instanceMetadataTags: metadata.tags ? 'enabled' : 'disabled',
  };
}

export function rootDeviceName(record: InstanceRecord): string {
  return images.find((image) => image.imageId === record.imageId)?.rootDevice ?? '';
}

export function describeDisks(region: Region, record: InstanceRecord): XmlObject[] {
  return [...region.volumes.values()].flatMap(({ volumeId, attachment }) =>
    attachment?.instanceId !== record.instanceId
      ? []
      : [
          {
            deviceName: attachment.device,
            ebs: {
              volumeId,
              status: attachment.state === 'busy' ? 'detaching' : attachment.state,
              attachTime: attachment.attachedAt.toISOString(),
              deleteOnTermination: attachment.deleteOnTermination,
            },
          },
        ],
  );
}

function attachedInterface(region: Region, record: InstanceRecord): InterfaceRecord | undefined {
  const own = region.interfaces.get(record.interfaceId);
  return own?.attachment?.instanceId === record.instanceId ? own : undefined;
}

function describeAttached(region: Region, record: InstanceRecord, attached: InterfaceRecord): XmlObject {
  const { attachment } = attached;
  return {
    networkInterfaceId: attached.interfaceId,
    subnetId: attached.subnetId,
    vpcId: region.network.vpc?.vpcId,
    description: attached.description,
    ownerId: accountId,
    status: 'in-use',
    macAddress: attached.mac,
    privateIpAddress: record.privateIp,
    privateDnsName: privateDnsName(region, record.privateIp),
    sourceDestCheck: attached.sourceDestCheck,
    interfaceType: 'interface',
    groupSet: describeGroups(region, attached),
    attachment: attachment && {
      attachmentId: attachment.attachmentId,
      deviceIndex: 0,
      networkCardIndex: 0,
      status: 'attached',
      attachTime: attachment.attachedAt.toISOString(),
      deleteOnTermination: attachment.deleteOnTermination,
    },
    association: describeAssociation(region, attached, record.privateIp),
    privateIpAddressesSet: describeAddresses(region, attached),
    ipv6AddressesSet: [],
  };
}

/** EC2 checks every minute, and is slower to find an instance impaired. */
const statusCheckMs = 10_000;

function describeStatus(record: InstanceRecord): XmlObject {
  const { instanceId, availabilityZone, state, unreachableSince = Infinity } = record;
  const isReachable = Date.now() - unreachableSince < statusCheckMs;
  const check = (status: string, reachability: string) => ({
    status,
    details: [{ name: 'reachability', status: reachability }],
  });
  const running = isReachable ? check('ok', 'passed') : check('impaired', 'failed');
  const off = { status: 'not-applicable', details: [] };
  return {
    instanceId,
    availabilityZone,
    instanceState: stateOf(state),
    instanceStatus: state === 'running' ? running : off,
    // Of the machine beneath it, which has no faults here.
    systemStatus: state === 'running' ? check('ok', 'passed') : off,
  };
}

function instanceFilters(region: Region, record: InstanceRecord): FilterValues {
  const attached = attachedInterface(region, record);
  const values: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'instance-id': [record.instanceId],
    'instance-state-name': [record.state],
    'instance-type': [record.instanceType],
    'image-id': [record.imageId],
    'key-name': [record.keyName],
    'subnet-id': [record.subnetId],
    'vpc-id': [region.network.vpc?.vpcId],
    'availability-zone': [record.availabilityZone],
    'private-ip-address': [record.privateIp],
    'private-dns-name': [privateDnsName(region, record.privateIp)],
    'ip-address': [attached && elasticIpOf(region, attached, record.privateIp)?.publicIp],
    'network-interface.network-interface-id': [attached?.interfaceId],
    'network-interface.addresses.private-ip-address': attached?.addresses ?? [],
    'instance.group-id': attached?.securityGroupIds ?? [],
    'iam-instance-profile.arn': [record.profile?.arn],
    'client-token': [record.clientToken],
    architecture: ['x86_64'],
  };
  return withTags(region.tagsOf(record.instanceId), (name) => values[name]);
}
