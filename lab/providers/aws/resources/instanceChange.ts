import type { VolumeType } from '@aws-sdk/client-ec2';
import { isGone, present, type Call } from '../call';
import type { InputChange } from '../resource';
import { tagList } from '../tags';
import type { instanceInputs, instanceOutputs } from './instanceInputs';
import { encoded, metadataRequest } from './instanceLaunch';
import { awaitState, findInstance } from './instanceState';

type Change = InputChange<typeof instanceInputs, typeof instanceOutputs>;

/** Applies what can change without a new instance; some of it only while the instance is stopped. */
export async function changeInstance(call: Call, id: string, change: Change): Promise<void> {
  const ec2 = await call.ec2();
  const { after } = change;
  const InstanceId = id;
  if (change.has('disableApiTermination', 'disableApiStop')) {
    await setProtection(call, id, { termination: after.disableApiTermination, stop: after.disableApiStop });
  }
  if (change.has('sourceDestCheck')) {
    await ec2.modifyInstanceAttribute({
      InstanceId,
      SourceDestCheck: { Value: after.sourceDestCheck },
    });
  }
  if (change.has('vpcSecurityGroupIds')) {
    await ec2.modifyInstanceAttribute({ InstanceId, Groups: [...(after.vpcSecurityGroupIds ?? [])] });
  }
  if (change.has('instanceInitiatedShutdownBehavior')) {
    const Value = after.instanceInitiatedShutdownBehavior ?? 'stop';
    await ec2.modifyInstanceAttribute({ InstanceId, InstanceInitiatedShutdownBehavior: { Value } });
  }
  if (change.has('metadataOptions')) {
    await ec2.modifyInstanceMetadataOptions({ InstanceId, ...metadataRequest(after.metadataOptions) });
  }
  if (change.has('monitoring')) {
    if (after.monitoring === true) await ec2.monitorInstances({ InstanceIds: [id] });
    else await ec2.unmonitorInstances({ InstanceIds: [id] });
  }
  if (change.has('maintenanceOptions')) {
    const AutoRecovery = after.maintenanceOptions?.autoRecovery === 'disabled' ? 'disabled' : 'default';
    await ec2.modifyInstanceMaintenanceOptions({ InstanceId, AutoRecovery });
  }
  if (change.has('creditSpecification')) {
    const CpuCredits = after.creditSpecification?.cpuCredits ?? 'standard';
    await ec2.modifyInstanceCreditSpecification({
      InstanceCreditSpecifications: [{ InstanceId, CpuCredits }],
    });
  }
  if (change.has('iamInstanceProfile')) await setProfile(call, id, after.iamInstanceProfile);
  if (change.has('rootBlockDevice')) await changeRootVolume(call, id, after.rootBlockDevice);
  if (change.has('volumeTags')) await tagVolumes(call, id, after.volumeTags ?? {});
  if (change.has('instanceType', 'userData', 'userDataBase64', 'ebsOptimized'))
    await changeStopped(call, id, change);
}

export async function setProtection(
  call: Call,
  InstanceId: string,
  wanted: { readonly termination: boolean | undefined; readonly stop: boolean | undefined },
): Promise<void> {
  const ec2 = await call.ec2();
  if (wanted.termination !== undefined) {
    await ec2.modifyInstanceAttribute({ InstanceId, DisableApiTermination: { Value: wanted.termination } });
  }
  if (wanted.stop !== undefined) {
    await ec2.modifyInstanceAttribute({ InstanceId, DisableApiStop: { Value: wanted.stop } });
  }
}

/** Type and user data are the instance's only while it is stopped; one that was stopped before stays so. */
async function changeStopped(call: Call, id: string, change: Change): Promise<void> {
  const ec2 = await call.ec2();
  const { after } = change;
  const wasStopped = (await findInstance(call, id))?.State?.Name === 'stopped';
  if (!wasStopped) {
    await ec2.stopInstances({ InstanceIds: [id] });
    await awaitState(call, id, 'stopped');
  }
  const InstanceId = id;
  if (change.has('instanceType')) {
    await ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: after.instanceType } });
  }
  if (change.has('ebsOptimized')) {
    await ec2.modifyInstanceAttribute({ InstanceId, EbsOptimized: { Value: after.ebsOptimized ?? false } });
  }
  if (change.has('userData', 'userDataBase64')) {
    const Value = Buffer.from(after.userDataBase64 ?? encoded(after.userData) ?? '', 'base64');
    await ec2.modifyInstanceAttribute({ InstanceId, UserData: { Value } });
  }
  if (wasStopped) return;
  await ec2.startInstances({ InstanceIds: [id] });
  await awaitState(call, id, 'running');
}

async function setProfile(call: Call, InstanceId: string, Name: string | undefined): Promise<void> {
  const ec2 = await call.ec2();
  const Filters = [{ Name: 'instance-id', Values: [InstanceId] }];
  const listed = await ec2.describeIamInstanceProfileAssociations({ Filters });
  const AssociationId = listed.IamInstanceProfileAssociations?.find(
    ({ State }) => State === 'associated',
  )?.AssociationId;
  if (Name === undefined) {
    if (AssociationId !== undefined) await ec2.disassociateIamInstanceProfile({ AssociationId });
    return;
  }
  await call.propagated(/Invalid IAM Instance Profile|no attached IAM roles/, async () => {
    if (AssociationId === undefined)
      await ec2.associateIamInstanceProfile({ InstanceId, IamInstanceProfile: { Name } });
    else await ec2.replaceIamInstanceProfileAssociation({ AssociationId, IamInstanceProfile: { Name } });
  });
}

async function changeRootVolume(
  call: Call,
  id: string,
  wanted: Change['after']['rootBlockDevice'],
): Promise<void> {
  if (wanted === undefined) return;
  const ec2 = await call.ec2();
  const found = present(await findInstance(call, id), `instance ${id}`);
  const root = found.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === found.RootDeviceName);
  const VolumeId = present(root?.Ebs?.VolumeId, "the root volume's id");
  const now = (await ec2.describeVolumes({ VolumeIds: [VolumeId] })).Volumes?.[0];
  const { volumeSize, volumeType, iops, throughput } = wanted;
  const differs = (one: unknown, other: unknown) => one !== undefined && one !== other;
  if (
    differs(volumeSize, now?.Size) ||
    differs(volumeType, now?.VolumeType) ||
    differs(iops, now?.Iops) ||
    differs(throughput, now?.Throughput)
  ) {
    // EC2 itself judges the type's name.
    const VolumeType = volumeType as VolumeType | undefined;
    await ec2.modifyVolume({ VolumeId, Size: volumeSize, VolumeType, Iops: iops, Throughput: throughput });
  }
  if (differs(wanted.deleteOnTermination, root?.Ebs?.DeleteOnTermination)) {
    const Ebs = { DeleteOnTermination: wanted.deleteOnTermination };
    await ec2.modifyInstanceAttribute({
      InstanceId: id,
      BlockDeviceMappings: [{ DeviceName: root?.DeviceName, Ebs }],
    });
  }
  await tagRootVolume(call, id, wanted.tags);
}

export async function tagRootVolume(
  call: Call,
  id: string,
  tags: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  if (tags === undefined || Object.keys(tags).length === 0) return;
  const found = present(await findInstance(call, id), `instance ${id}`);
  const root = found.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === found.RootDeviceName);
  const VolumeId = present(root?.Ebs?.VolumeId, "the root volume's id");
  await (await call.ec2()).createTags({ Resources: [VolumeId], Tags: tagList(tags) });
}

async function tagVolumes(call: Call, id: string, tags: Readonly<Record<string, string>>): Promise<void> {
  const mappings = (await findInstance(call, id))?.BlockDeviceMappings ?? [];
  const Resources = mappings.flatMap(({ Ebs }) => (Ebs?.VolumeId ? [Ebs.VolumeId] : []));
  if (Resources.length === 0 || Object.keys(tags).length === 0) return;
  try {
    await (await call.ec2()).createTags({ Resources, Tags: tagList(tags) });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
