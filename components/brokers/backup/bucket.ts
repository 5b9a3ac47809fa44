import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { AccountArgs } from '../../host/account';
import type { Tags } from '../../rendering/naming';

/** For how long what was deleted, expired or overwritten can be got back. */
const formerVersionsDays = 7;

/**
 * The bucket for backups: encrypted, closed to the public, versioned, and for TLS alone. `destroy` takes none of it away: S3
 * deletes no bucket with backups in it, and these are what is left of the cluster then.
 */
export function backupBucket(
  name: string,
  keepDays: number,
  {
    kmsKeyArn,
    protect,
    tags,
  }: Pick<AccountArgs, 'kmsKeyArn'> & { readonly protect: boolean; readonly tags: Tags },
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const kept = { parent, protect, retainOnDelete: true };
  const { bucket, arn } = new aws.s3.Bucket(name, { tags }, kept);
  const closed = new aws.s3.BucketPublicAccessBlock(
    `${name}-closed`,
    {
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    kept,
  );
  const encrypted = new aws.s3.BucketServerSideEncryptionConfiguration(
    `${name}-encrypted`,
    {
      bucket,
      rules: [
        kmsKeyArn === undefined
          ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
          : {
              applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: kmsKeyArn },
              // KMS is asked for a key of the bucket's now and then, and not at each object.
              bucketKeyEnabled: true,
            },
      ],
    },
    kept,
  );
  const versioned = new aws.s3.BucketVersioning(
    `${name}-versioned`,
    { bucket, versioningConfiguration: { status: 'Enabled' } },
    kept,
  );
  const lifecycle = new aws.s3.BucketLifecycleConfiguration(
    `${name}-lifecycle`,
    {
      bucket,
      rules: [
        {
          id: 'keep',
          status: 'Enabled',
          filter: { prefix: '' },
          expiration: { days: keepDays },
          noncurrentVersionExpiration: { noncurrentDays: formerVersionsDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: formerVersionsDays },
        },
        // What is left of an object whose versions are gone.
        {
          id: 'markers',
          status: 'Enabled',
          filter: { prefix: '' },
          expiration: { expiredObjectDeleteMarker: true },
        },
      ],
    },
    // S3 judges a rule about versions by whether there are any.
    { ...kept, dependsOn: versioned },
  );
  const policy = new aws.s3.BucketPolicy(
    `${name}-policy`,
    { bucket, policy: arn.apply(tlsAlone) },
    // Two changes of who may come in at once: S3 refuses one of them.
    { ...kept, dependsOn: closed },
  );
  // Nothing is put into it before it is as it should be.
  return pulumi.all([bucket, closed.id, encrypted.id, lifecycle.id, policy.id]).apply(([made]) => made);
}

function tlsAlone(arn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsAlone',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
}
