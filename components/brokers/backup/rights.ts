import type { PolicyStatement } from '../../host/role';

/** Where backups lie. */
export interface BackupPlace {
  readonly bucket: string;
  readonly prefix: string;
  /** A customer's key; absent with S3's own. */
  readonly kmsKeyArn?: string;
}

/**
 * What a broker's role may: add backups, list them to see whether it is time for another, and read them for a restore.
 * It may delete none: who has a broker has no way to the backups of before.
 */
export function backupRights(
  { bucket, prefix, kmsKeyArn }: BackupPlace,
  partition: string,
): readonly PolicyStatement[] {
  const arn = `arn:${partition}:s3:::${bucket}`;
  return [
    {
      Sid: 'AddAndReadBackups',
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject'],
      Resource: [`${arn}/${prefix}*`],
    },
    {
      Sid: 'ListBackups',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [arn],
      Condition: { StringLike: { 's3:prefix': `${prefix}*` } },
    },
    ...(kmsKeyArn === undefined ? [] : [encryptByKey(kmsKeyArn)]),
  ];
}

/** S3 encrypts and decrypts in the name of whoever asks. */
function encryptByKey(key: string): PolicyStatement {
  return {
    Sid: 'EncryptBackupsByKey',
    Effect: 'Allow',
    Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
    Resource: [key],
    Condition: { StringLike: { 'kms:ViaService': 's3.*' } },
  };
}
