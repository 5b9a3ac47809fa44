import type { Problems } from '../../rendering/problems';
import type { BackupArgs } from './arguments';

/** Backups with everything decided but the name of a bucket. */
export interface PlannedBackup {
  /** Absent: the name of the platform. */
  readonly prefix?: string;
  readonly everyHours: number;
  /** Of a bucket that is made. */
  readonly keepDays: number;
}

const bucketName = /^(?!xn--|sthree-|.*(?:-s3alias|--ol-s3)$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const prefixParts = /^(?:[A-Za-z0-9._-]+\/)+$/;
const longestPrefix = 200;

/** Decides when backups are made and how long they are kept; what is wrong goes to `problems` under `path`. */
export function planBackup(args: BackupArgs, path: string, problems: Problems): PlannedBackup {
  const { bucket, prefix, everyHours = 24, keepDays = 30 } = args;
  problems.wholeNumber(`${path}.everyHours`, everyHours, 1, 168, 'hours');
  problems.wholeNumber(`${path}.keepDays`, keepDays, 1, 3650, 'days');
  if (bucket !== undefined && args.keepDays !== undefined)
    problems.add(
      `${path}.keepDays`,
      `is ${keepDays}, and ${path}.bucket is a bucket of yours, which is left as it is; give it a lifecycle rule, or leave one of the two out`,
    );
  else if (keepDays * 24 < 2 * everyHours)
    problems.add(
      `${path}.keepDays`,
      `is ${keepDays}; with ${path}.everyHours ${everyHours} at least ${Math.ceil((2 * everyHours) / 24)} is allowed, so that there is a backup while the next one is made`,
    );
  if (typeof bucket === 'string' && !bucketName.test(bucket))
    problems.add(
      `${path}.bucket`,
      `is ${JSON.stringify(bucket)}; a bucket's name is allowed: 3 to 63 lower case letters, digits, dots and hyphens, no URL and no ARN`,
    );
  if (prefix !== undefined && !(prefixParts.test(prefix) && prefix.length <= longestPrefix))
    problems.add(
      `${path}.prefix`,
      `is ${JSON.stringify(prefix)}; parts of letters, digits and ._- that each end in / are allowed, such as backups/mqtt/, at most ${longestPrefix} characters`,
    );
  return {
    ...(prefix === undefined ? {} : { prefix }),
    everyHours,
    keepDays,
  };
}
