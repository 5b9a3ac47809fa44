import * as pulumi from '@pulumi/pulumi';
import { tagged } from '../../rendering/naming';
import type { PlannedClusterArgs } from '../clusterArguments';
import { backupBucket } from './bucket';
import type { BackupPlace } from './rights';

/** Where a cluster's backups lie, in a bucket that is made where none is given; undefined without backups. */
export function backupPlace(
  name: string,
  platform: string,
  { plan, backup = {}, kmsKeyArn, protect = false, tags }: PlannedClusterArgs,
  parent: pulumi.Resource,
): pulumi.Output<BackupPlace> | undefined {
  if (plan.backup === undefined) return undefined;
  const { prefix = `${platform}/`, keepDays } = plan.backup;
  const own = `${name}-backups`;
  const byKey = kmsKeyArn === undefined ? {} : { kmsKeyArn };
  const bucket =
    backup.bucket ??
    backupBucket(own, keepDays, { ...byKey, protect, tags: tagged(platform, own, tags) }, parent);
  return pulumi
    .all([bucket, kmsKeyArn])
    .apply(([known, key]) => ({ bucket: known, prefix, ...(key === undefined ? {} : { kmsKeyArn: key }) }));
}
