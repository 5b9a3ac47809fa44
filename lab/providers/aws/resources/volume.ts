import type { VolumeType } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import { present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, number, output, required, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

/** Grows and changes its kind in place. */
export const volume = resource({
  token: 'aws:ebs/volume:Volume',
  inputs: {
    availabilityZone: required(text, { replaces: true }),
    encrypted: chosen(flag, { replaces: true }),
    finalSnapshot: defaulted(flag, false),
    iops: chosen(number),
    kmsKeyId: chosen(text, { replaces: true }),
    multiAttachEnabled: defaulted(flag, false, { replaces: true }),
    size: chosen(number),
    snapshotId: chosen(text, { replaces: true }),
    throughput: chosen(number),
    type: chosen(text),
  },
  outputs: { arn: output(text), createTime: output(text) },
  tagging: ec2Tagging,
  check: ({ size, snapshotId, finalSnapshot }): Record<string, string> => ({
    ...(size === undefined && snapshotId === undefined ? { size: 'a volume needs size or snapshotId' } : {}),
    ...(finalSnapshot === true ? { finalSnapshot: 'the lab makes no snapshots' } : {}),
  }),

  async create(call, inputs) {
    const made = await (
      await call.ec2()
    ).createVolume({
      AvailabilityZone: inputs.availabilityZone,
      Encrypted: inputs.encrypted,
      Iops: inputs.iops,
      KmsKeyId: inputs.kmsKeyId,
      MultiAttachEnabled: inputs.multiAttachEnabled ? true : undefined,
      Size: inputs.size,
      SnapshotId: inputs.snapshotId,
      Throughput: inputs.throughput,
      VolumeType: volumeType(inputs.type),
      TagSpecifications: tagSpecifications('volume', call.tags),
    });
    return present(made.VolumeId, "the volume's id");
  },

  async settle(call, id) {
    await call.until(`volume ${id}`, async () => {
      const state = (await findVolume(call, id))?.State;
      if (state === 'error') throw new Error(`volume ${id} could not be made`);
      return state === 'available' || state === 'in-use' ? true : undefined;
    });
  },

  async read(call, id) {
    const found = await findVolume(call, id);
    if (found === undefined) return undefined;
    return {
      availabilityZone: found.AvailabilityZone,
      encrypted: found.Encrypted ?? false,
      iops: found.Iops,
      kmsKeyId: found.KmsKeyId,
      multiAttachEnabled: found.MultiAttachEnabled ?? false,
      size: found.Size,
      snapshotId: found.SnapshotId === '' ? undefined : found.SnapshotId,
      throughput: found.Throughput,
      type: found.VolumeType,
      arn: ec2Arn(call, await call.account(), 'volume', id),
      createTime: found.CreateTime?.toISOString(),
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, change) {
    if (!change.has('size', 'type', 'iops', 'throughput')) return;
    const { size, type, iops, throughput } = change.after;
    await (
      await call.ec2()
    ).modifyVolume({
      VolumeId: id,
      Size: size,
      VolumeType: volumeType(type),
      Iops: iops,
      Throughput: throughput,
    });
  },

  async delete(call, id) {
    const ec2 = await call.ec2();
    await call.retry(/^VolumeInUse/, () => ec2.deleteVolume({ VolumeId: id }));
  },
});

export const volumeAttachment = resource({
  token: 'aws:ec2/volumeAttachment:VolumeAttachment',
  inputs: {
    deviceName: required(text, { replaces: true }),
    forceDetach: defaulted(flag, false),
    instanceId: required(text, { replaces: true }),
    skipDestroy: defaulted(flag, false),
    stopInstanceBeforeDetaching: defaulted(flag, false),
    volumeId: required(text, { replaces: true }),
  },
  outputs: {},

  async create(call, { deviceName, instanceId, volumeId }) {
    const ec2 = await call.ec2();
    const attached = (await findVolume(call, volumeId))?.Attachments?.some(
      ({ InstanceId, Device }) => InstanceId === instanceId && Device === deviceName,
    );
    if (attached !== true) {
      await call.retry(/^(IncorrectState|IncorrectInstanceState|VolumeInUse|InvalidVolume\.NotFound)/, () =>
        ec2.attachVolume({ Device: deviceName, InstanceId: instanceId, VolumeId: volumeId }),
      );
    }
    return attachmentId(deviceName, instanceId, volumeId);
  },

  async settle(call, _id, { instanceId, volumeId }) {
    await call.until(`volume ${volumeId} to be attached`, async () =>
      (await attachment(call, volumeId, instanceId))?.State === 'attached' ? true : undefined,
    );
  },

  async read(call, id, known) {
    // An import is written DEVICE:VOLUME:INSTANCE.
    const [device = '', volumeOfImport = '', instanceOfImport = ''] = id.split(':');
    const volumeId = known.volumeId ?? volumeOfImport;
    const instanceId = known.instanceId ?? instanceOfImport;
    const found = await attachment(call, volumeId, instanceId);
    if (found === undefined || found.State === 'detached') return undefined;
    const deviceName = found.Device ?? known.deviceName ?? device;
    return { id: attachmentId(deviceName, instanceId, volumeId), deviceName, instanceId, volumeId };
  },

  async delete(call, _id, known) {
    const { volumeId = '', instanceId = '', deviceName } = known;
    if (known.skipDestroy === true) return;
    const ec2 = await call.ec2();
    if (known.stopInstanceBeforeDetaching === true) await stopInstance(call, instanceId);
    const Force = known.forceDetach;
    try {
      await ec2.detachVolume({ Device: deviceName, InstanceId: instanceId, VolumeId: volumeId, Force });
    } catch (error) {
      // Already available: the instance went first.
      if (!(error instanceof Error && /^(IncorrectState|InvalidAttachment)/.test(error.name))) throw error;
    }
    await call.until(`volume ${volumeId} to be detached`, async () => {
      const state = (await attachment(call, volumeId, instanceId))?.State;
      return state === undefined || state === 'detached' ? true : undefined;
    });
  },
});

/** The official provider's id: a hash of what is attached where. */
function attachmentId(device: string, instanceId: string, volumeId: string): string {
  const hash = createHash('sha256').update(`${device}-${instanceId}-${volumeId}-`).digest().readUInt32BE(0);
  return `vai-${hash}`;
}

function volumeType(type: string | undefined): VolumeType | undefined {
  // EC2 itself judges the name, with a better message than a list here could give.
  return type as VolumeType | undefined;
}

async function findVolume(call: Call, id: string) {
  return (await (await call.ec2()).describeVolumes({ VolumeIds: [id] })).Volumes?.[0];
}

async function attachment(call: Call, volumeId: string, instanceId: string) {
  return (await findVolume(call, volumeId))?.Attachments?.find(({ InstanceId }) => InstanceId === instanceId);
}

async function stopInstance(call: Call, id: string): Promise<void> {
  const ec2 = await call.ec2();
  await ec2.stopInstances({ InstanceIds: [id] });
  await call.until(`instance ${id} to stop`, async () => {
    const found = (await ec2.describeInstances({ InstanceIds: [id] })).Reservations?.[0]?.Instances?.[0];
    return found?.State?.Name === 'stopped' || found?.State?.Name === 'terminated' ? true : undefined;
  });
}
