import { AwsError } from '../awsError';
import type { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import { done, type Actions } from './action';
import { describeDisks, describeMetadataOptions, rootDeviceName } from './describeInstances';
import type { InstanceRecord } from './instanceRecord';
import { describeGroups, modifyInterface } from './interfaces';
import type { Region } from './region';
import { readMetadataOptions, readUserData } from './runInstances';

export const instanceAttributeActions: Actions = {
  DescribeInstanceAttribute(region, parameters) {
    const record = region.instance(parameters.required('InstanceId'));
    const attribute = parameters.required('Attribute');
    const value = attributesOf(region, record)[attribute];
    if (value === undefined) {
      throw new AwsError('InvalidParameterValue', `lab: no instance attribute '${attribute}'`);
    }
    return { instanceId: record.instanceId, [attribute]: value };
  },

  async ModifyInstanceAttribute(region, parameters) {
    const record = region.instance(parameters.required('InstanceId'));
    await modify(region, record, namedForm(parameters));
    return done;
  },

  ModifyInstanceMetadataOptions(region, parameters) {
    const record = region.instance(parameters.required('InstanceId'));
    record.metadata = readMetadataOptions(parameters, record.metadata);
    return { instanceId: record.instanceId, instanceMetadataOptions: describeMetadataOptions(record) };
  },

  ModifyInstanceMaintenanceOptions(region, parameters) {
    const { instanceId } = region.instance(parameters.required('InstanceId'));
    return { instanceId, autoRecovery: parameters.text('AutoRecovery') ?? 'default' };
  },

  ModifyInstanceCreditSpecification(region, parameters) {
    const asked = parameters.structures('InstanceCreditSpecification');
    const records = asked.map((each) => region.instance(each.required('InstanceId')));
    return {
      successfulInstanceCreditSpecificationSet: records.map(({ instanceId }) => ({ instanceId })),
      unsuccessfulInstanceCreditSpecificationSet: [],
    };
  },

  DescribeInstanceCreditSpecifications(region, parameters) {
    const records = parameters.list('InstanceId').map((id) => region.instance(id));
    return {
      instanceCreditSpecificationSet: records.map(({ instanceId }) => ({
        instanceId,
        cpuCredits: 'unlimited',
      })),
    };
  },
};

function attributesOf(
  region: Region,
  record: InstanceRecord,
): Readonly<Record<string, XmlObject[] | XmlObject>> {
  const own = region.interfaces.get(record.interfaceId);
  return {
    instanceType: { value: record.instanceType },
    userData: record.userData.length === 0 ? {} : { value: record.userData.toString('base64') },
    disableApiTermination: { value: record.disableApiTermination },
    disableApiStop: { value: record.disableApiStop },
    instanceInitiatedShutdownBehavior: { value: record.shutdownBehaviour },
    rootDeviceName: { value: rootDeviceName(record) },
    blockDeviceMapping: describeDisks(region, record),
    ebsOptimized: { value: record.ebsOptimized },
    sourceDestCheck: { value: own?.sourceDestCheck ?? true },
    groupSet: own === undefined ? [] : describeGroups(region, own),
    enaSupport: { value: true },
  };
}

/** The old form `Attribute=x&Value=y` in the form of today: `X.Value=y`. */
function namedForm(parameters: Parameters): Parameters {
  const attribute = parameters.text('Attribute');
  const value = parameters.text('Value');
  if (attribute === undefined || value === undefined) return parameters;
  return parameters.with({ [`${attribute.charAt(0).toUpperCase()}${attribute.slice(1)}.Value`]: value });
}

async function modify(region: Region, record: InstanceRecord, parameters: Parameters): Promise<void> {
  const instanceType = parameters.text('InstanceType.Value');
  const userData = parameters.text('UserData.Value');
  if ((instanceType ?? userData) !== undefined && record.state !== 'stopped') {
    const message = `The instance '${record.instanceId}' is not in the 'stopped' state.`;
    throw new AwsError('IncorrectInstanceState', message);
  }
  record.instanceType = instanceType ?? record.instanceType;
  if (userData !== undefined) record.userData = readUserData(userData);
  record.disableApiTermination =
    parameters.flag('DisableApiTermination.Value') ?? record.disableApiTermination;
  record.disableApiStop = parameters.flag('DisableApiStop.Value') ?? record.disableApiStop;
  record.ebsOptimized = parameters.flag('EbsOptimized.Value') ?? record.ebsOptimized;
  const behaviour = parameters.text('InstanceInitiatedShutdownBehavior.Value');
  if (behaviour !== undefined) record.shutdownBehaviour = behaviour === 'terminate' ? 'terminate' : 'stop';
  modifyDisks(region, record, parameters);
  const own = region.interfaces.get(record.interfaceId);
  if (own === undefined) return;
  const groups = parameters.list('GroupId');
  const asSecurityGroups = Object.fromEntries(
    groups.map((group, index) => [`SecurityGroupId.${index + 1}`, group]),
  );
  await modifyInterface(region, own, parameters.with(asSecurityGroups));
}

function modifyDisks(region: Region, record: InstanceRecord, parameters: Parameters): void {
  for (const mapping of parameters.structures('BlockDeviceMapping')) {
    const deletion = mapping.flag('Ebs.DeleteOnTermination');
    for (const { attachment } of region.volumes.values()) {
      if (attachment?.instanceId !== record.instanceId || deletion === undefined) continue;
      if (attachment.device === mapping.text('DeviceName')) attachment.deleteOnTermination = deletion;
    }
  }
}
