import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupRights } from '../../../components/brokers/backup/rights';
import { sdkClients } from '../../../lab/providers/aws/clients';
import { AwsProvider } from '../../../lab/providers/aws/provider';
import { resourceTypes } from '../../../lab/providers/aws/resources';
import { repositoryRoot } from '../../../proving/product';
import { ApiLab, regionName } from '../../../proving/region/apiLab';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';

const bucket = 'mqtt-brokers-backups-0a1b2c3';
const inS3 = (type: string) => `aws:s3/${type}:${type[0]?.toUpperCase()}${type.slice(1)}`;
const applied = { preview: false, timeoutSeconds: 20 };

let lab: ApiLab;
let provider: AwsProvider;
beforeAll(async () => {
  lab = await ApiLab.open();
  // Whoever runs the program may do what the documented policy says, and no more.
  const policy = JSON.parse(
    readFileSync(join(repositoryRoot, 'docs', 'aws', 'deployer-policy.json'), 'utf8'),
  ) as Record<string, unknown>;
  lab.region.account = { ...lab.region.account, runnerPolicy: policy };
  provider = new AwsProvider(resourceTypes, [], () => sdkClients(regionName, lab.runnerAccess));
  provider.configure({ region: regionName });
});
afterAll(() => lab.close());

const parts: Readonly<Record<string, object>> = {
  bucketPublicAccessBlock: {
    ...{ blockPublicAcls: true, blockPublicPolicy: true },
    ...{ ignorePublicAcls: true, restrictPublicBuckets: true },
  },
  bucketServerSideEncryptionConfiguration: {
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' }, bucketKeyEnabled: false }],
  },
  bucketVersioning: { versioningConfiguration: { status: 'Enabled' } },
  bucketLifecycleConfiguration: {
    rules: [
      {
        ...{ id: 'keep', status: 'Enabled', filter: { prefix: '' } },
        expiration: { days: 30, expiredObjectDeleteMarker: false },
        noncurrentVersionExpiration: { noncurrentDays: 7 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      },
    ],
  },
  bucketPolicy: {
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Sid: 'TlsAlone', Effect: 'Deny', Principal: '*', Action: 's3:*' },
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }),
  },
};

/** What the host's own program does with the bucket, as a broker's role. */
async function onHost(...steps: readonly object[]): Promise<unknown> {
  const ca = join(lab.folder, 'ca.pem');
  writeFileSync(ca, lab.authorityPem);
  const { accessKeyId, secretAccessKey, token } = lab.server.issued.of('i-1', 'broker');
  const child = spawn('python3', [join(__dirname, 'bucketHost.py')], {
    env: { ...process.env, PYTHONPATH: join(repositoryRoot, 'host'), PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(
    JSON.stringify({
      ...{ ca, bucket, steps, region: regionName, port: lab.server.ports.tls },
      credentials: { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: token },
    }),
  );
  return JSON.parse(await text(child.stdout));
}

describe('a bucket for backups', () => {
  it('is made by whoever may what the documented policy says, and is as it was told', async () => {
    const inputs = { bucket, tags: { a: 'b' }, tagsAll: { a: 'b' } };
    const { id, state } = await provider.create(inS3('bucket'), inputs, applied);
    expect(state).toMatchObject({ arn: `arn:aws:s3:::${bucket}`, tags: { a: 'b' } });
    for (const [type, given] of Object.entries(parts)) {
      const made = await provider.create(inS3(type), { bucket: id, ...given }, applied);
      expect(made.state).toMatchObject({ bucket: id, ...given });
    }
    const foreign = provider.create(inS3('bucket'), { bucket: 'company-data', tagsAll: {} }, applied);
    await expect(foreign).rejects.toThrow('s3:CreateBucket');
  });

  it('takes, lists and gives backups to a broker, by its role alone', async () => {
    const iam = lab.runner.iam();
    lab.region.account = { ...lab.region.account, runnerPolicy: null };
    await iam.send(new CreateRoleCommand({ RoleName: 'broker', AssumeRolePolicyDocument: '{}' }));
    const rights = backupRights({ bucket, prefix: 'mqtt/' }, 'aws');
    await iam.send(
      new PutRolePolicyCommand({
        ...{ RoleName: 'broker', PolicyName: 'own' },
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: rights }),
      }),
    );
    iam.destroy();
    const encryption = { 'x-amz-server-side-encryption': 'AES256' };
    const put = (key: string, content: string) => ({ do: 'put', key, content, encryption });
    const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');
    expect(
      await onHost(
        put('mqtt/2026-11-28T09-15-00Z/a.tar.gz', 'first'),
        put('mqtt/2026-11-29T09-15-00Z/a.tar.gz', 'second'),
        { do: 'list', key: 'mqtt/' },
        { do: 'list', key: 'mqtt/', after: 'mqtt/2026-11-28T23-00-00Z' },
        { do: 'get', key: 'mqtt/2026-11-29T09-15-00Z/a.tar.gz' },
        put('other/a.tar.gz', 'third'),
        { do: 'list', key: '' },
        { do: 'get', key: 'mqtt/none' },
      ),
    ).toEqual([
      sha256('first'),
      sha256('second'),
      ['mqtt/2026-11-28T09-15-00Z/a.tar.gz', 'mqtt/2026-11-29T09-15-00Z/a.tar.gz'],
      ['mqtt/2026-11-29T09-15-00Z/a.tar.gz'],
      'second',
      'AccessDenied',
      'AccessDenied',
      'NoSuchKey',
    ]);
  });

  it('is not deleted with what is in it', async () => {
    const gone = provider.delete({ type: inS3('bucket'), id: bucket }, { bucket }, 5);
    await expect(gone).rejects.toThrow('BucketNotEmpty');
  });
});
