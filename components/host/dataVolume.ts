import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import type { AccountArgs } from './account';
import { keyOf } from './account';

/** Of a host's arguments, those of its data volume. */
export interface DataVolumeArgs extends AccountArgs {
  /** Where the host is placed, and so its volume. */
  subnetId: pulumi.Input<string>;
  /** Size in GiB of a data volume that outlives the instance. @default none */
  dataVolumeGib?: number;
  /** True makes a snapshot of the data volume before it is deleted. @default false */
  finalSnapshot?: boolean;
}

/** A volume for a host's data, where it has one. */
export function dataVolume(
  name: string,
  args: DataVolumeArgs,
  tags: Tags,
  kept: pulumi.CustomResourceOptions,
): aws.ebs.Volume | undefined {
  if (args.dataVolumeGib === undefined) return undefined;
  const zone = aws.ec2.getSubnetOutput(
    { id: args.subnetId },
    kept.parent === undefined ? {} : { parent: kept.parent },
  ).availabilityZone;
  return new aws.ebs.Volume(
    `${name}-data`,
    {
      availabilityZone: zone,
      size: args.dataVolumeGib,
      type: 'gp3',
      encrypted: true,
      ...keyOf(args),
      ...(args.finalSnapshot === true ? { finalSnapshot: true } : {}),
      tags,
    },
    // Where it is, it stays, and under the key that it was made with: nothing may replace the data.
    { ...kept, ignoreChanges: ['availabilityZone', 'kmsKeyId'] },
  );
}

/** Has the volume, where there is one, at an instance: what the host waits for. */
export function attach(
  name: string,
  volume: aws.ebs.Volume | undefined,
  instance: aws.ec2.Instance,
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  if (volume === undefined) return [];
  return [
    new aws.ec2.VolumeAttachment(
      `${name}-data-attachment`,
      {
        instanceId: instance.id,
        volumeId: volume.id,
        deviceName: '/dev/sdf',
        stopInstanceBeforeDetaching: true,
      },
      { parent, deleteBeforeReplace: true },
    ),
  ];
}
