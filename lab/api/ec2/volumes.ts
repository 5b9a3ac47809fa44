import { AwsError } from '../awsError';
import type { XmlObject } from '../xml';
import { done, tagSet, type Actions } from './action';
import { matching, selected, withTags, type FilterValues } from './filters';
import type { VolumeRecord } from './records';
import { newId, type Region } from './region';

export const volumeActions: Actions = {
  async CreateVolume(region, parameters) {
    const sizeGib = parameters.integer('Size');
    if (sizeGib === undefined || sizeGib < 1) {
      throw new AwsError(
        'InvalidParameterValue',
        'lab: a volume needs a Size of at least 1 GiB; no snapshots',
      );
    }
    const volumeType = parameters.text('VolumeType') ?? 'gp3';
    const record: VolumeRecord = {
      volumeId: newId('vol'),
      availabilityZone: parameters.required('AvailabilityZone'),
      sizeGib,
      volumeType,
      encrypted: parameters.flag('Encrypted') ?? false,
      iops: parameters.integer('Iops') ?? (volumeType === 'gp3' ? 3000 : undefined),
      throughput: parameters.integer('Throughput') ?? (volumeType === 'gp3' ? 125 : undefined),
      createdAt: new Date(),
      root: false,
    };
    await region.machines.createVolume(record.volumeId, sizeGib);
    region.volumes.set(record.volumeId, record);
    const tags = parameters.tagsFor('volume');
    if (tags.size > 0) region.tags.set(record.volumeId, tags);
    return describeVolume(region, record);
  },

  async DeleteVolume(region, parameters) {
    const record = region.volume(parameters.required('VolumeId'));
    if (record.attachment !== undefined) {
      const by = record.attachment.instanceId;
      throw new AwsError('VolumeInUse', `Volume ${record.volumeId} is currently attached to ${by}`);
    }
    await region.machines.deleteVolume(record.volumeId);
    region.volumes.delete(record.volumeId);
    region.tags.delete(record.volumeId);
    return done;
  },

  async ModifyVolume(region, parameters) {
    const record = region.volume(parameters.required('VolumeId'));
    const size = parameters.integer('Size') ?? record.sizeGib;
    if (size < record.sizeGib) {
      const message = `New size cannot be smaller than existing size of ${record.sizeGib} GiB`;
      throw new AwsError('InvalidParameterValue', message);
    }
    // A root disk has no partition in the lab: what is below it is no business of the guest's.
    if (size > record.sizeGib && !record.root) await region.machines.growVolume(record.volumeId, size);
    record.sizeGib = size;
    record.volumeType = parameters.text('VolumeType') ?? record.volumeType;
    record.iops = parameters.integer('Iops') ?? record.iops;
    record.throughput = parameters.integer('Throughput') ?? record.throughput;
    return {
      volumeModification: { volumeId: record.volumeId, modificationState: 'completed', progress: 100 },
    };
  },

  DescribeVolumes(region, parameters) {
    const ids = parameters.list('VolumeId');
    const records = selected(ids, region.volumes, (id) => region.volume(id));
    const found = matching(records, parameters, (record) => volumeFilters(region, record));
    return { volumeSet: found.map((record) => describeVolume(region, record)) };
  },

  async AttachVolume(region, parameters) {
    const record = region.volume(parameters.required('VolumeId'));
    const instance = region.instance(parameters.required('InstanceId'));
    if (record.attachment !== undefined) {
      const by = record.attachment.instanceId;
      throw new AwsError('VolumeInUse', `${record.volumeId} is already attached to ${by}`);
    }
    if (record.availabilityZone !== instance.availabilityZone) {
      const zones = `${record.availabilityZone}, the instance in ${instance.availabilityZone}`;
      throw new AwsError('InvalidVolume.ZoneMismatch', `The volume is in ${zones}`);
    }
    if (instance.state !== 'running' && instance.state !== 'stopped') {
      const message = `Instance '${instance.instanceId}' is not 'running' but '${instance.state}'.`;
      throw new AwsError('IncorrectState', message);
    }
    const attachment: NonNullable<VolumeRecord['attachment']> = {
      instanceId: instance.instanceId,
      device: parameters.required('Device'),
      attachedAt: new Date(),
      deleteOnTermination: false,
      state: 'attaching',
    };
    record.attachment = attachment;
    try {
      await region.machines.attachVolume(instance.instanceId, record.volumeId);
    } catch (error) {
      record.attachment = undefined;
      throw error;
    }
    attachment.state = 'attached';
    return describeAttachment(record) ?? {};
  },

  DetachVolume(region, parameters) {
    const record = region.volume(parameters.required('VolumeId'));
    const { attachment } = record;
    if (attachment === undefined) {
      const message = `Volume '${record.volumeId}' is in the 'available' state.`;
      throw new AwsError('IncorrectState', message);
    }
    if (record.root) {
      throw new AwsError('OperationNotPermitted', 'The lab does not detach root volumes.');
    }
    attachment.state = 'detaching';
    // As on EC2, a mounted volume stays `busy` until the guest lets go of it.
    region.machines.detachVolume(attachment.instanceId, record.volumeId).then(
      () => {
        record.attachment = undefined;
      },
      () => {
        attachment.state = 'busy';
      },
    );
    return describeAttachment(record) ?? {};
  },
};

function volumeFilters(region: Region, record: VolumeRecord): FilterValues {
  const { attachment } = record;
  const values: Readonly<Record<string, readonly (string | undefined)[]>> = {
    'volume-id': [record.volumeId],
    status: [attachment === undefined ? 'available' : 'in-use'],
    'availability-zone': [record.availabilityZone],
    'volume-type': [record.volumeType],
    size: [String(record.sizeGib)],
    encrypted: [String(record.encrypted)],
    'attachment.instance-id': [attachment?.instanceId],
    'attachment.device': [attachment?.device],
    'attachment.status': [attachment?.state],
    'attachment.delete-on-termination': [attachment && String(attachment.deleteOnTermination)],
  };
  return withTags(region.tagsOf(record.volumeId), (name) => values[name]);
}

function describeVolume(region: Region, record: VolumeRecord): XmlObject {
  const attachment = describeAttachment(record);
  return {
    volumeId: record.volumeId,
    size: record.sizeGib,
    availabilityZone: record.availabilityZone,
    status: attachment === undefined ? 'available' : 'in-use',
    createTime: record.createdAt.toISOString(),
    volumeType: record.volumeType,
    iops: record.iops,
    throughput: record.throughput,
    encrypted: record.encrypted,
    multiAttachEnabled: false,
    attachmentSet: attachment === undefined ? [] : [attachment],
    tagSet: tagSet(region, record.volumeId),
  };
}

function describeAttachment({ volumeId, attachment }: VolumeRecord): XmlObject | undefined {
  return (
    attachment && {
      volumeId,
      instanceId: attachment.instanceId,
      device: attachment.device,
      status: attachment.state,
      attachTime: attachment.attachedAt.toISOString(),
      deleteOnTermination: attachment.deleteOnTermination,
    }
  );
}
