import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import type { BackupArgs } from '../../components';
import { graphOf } from './resourceGraph';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';

const platform = (backup?: BackupArgs, more: object = {}) =>
  graphOf(() => new MqttPlatform('mqtt', { ssh, emqx: backup === undefined ? {} : { backup }, ...more }));

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: object;
}

/** What a broker's role may, by the statement's name. */
function rightsOf(graph: Awaited<ReturnType<typeof platform>>): ReadonlyMap<string, Statement> {
  const { policy } = graph.one('aws:iam/rolePolicy:RolePolicy', 'mqtt-emqx-1-policy').inputs;
  const document = JSON.parse(String(policy)) as { readonly Statement: readonly Statement[] };
  return new Map(document.Statement.map((each) => [each.Sid, each]));
}

function userDataOf(graph: Awaited<ReturnType<typeof platform>>): string {
  const { inputs } = graph.one('aws:ec2/instance:Instance', 'mqtt-emqx-1-instance');
  return gunzipSync(Buffer.from(String(inputs['userDataBase64']), 'base64')).toString();
}

describe('a bucket that is made', () => {
  it('is encrypted, closed, versioned, for TLS alone, and forgets in time', async () => {
    const graph = await platform({ keepDays: 14 });
    const of = (part: string, name: string) =>
      graph.one(`aws:s3/${part}:${part[0]?.toUpperCase()}${part.slice(1)}`, `mqtt-brokers-backups-${name}`)
        .inputs;
    expect(of('bucketPublicAccessBlock', 'closed')).toMatchObject({
      ...{ blockPublicAcls: true, blockPublicPolicy: true },
      ...{ ignorePublicAcls: true, restrictPublicBuckets: true },
    });
    expect(of('bucketVersioning', 'versioned')).toMatchObject({
      versioningConfiguration: { status: 'Enabled' },
    });
    expect(of('bucketServerSideEncryptionConfiguration', 'encrypted')).toMatchObject({
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
    });
    expect(of('bucketLifecycleConfiguration', 'lifecycle')).toMatchObject({
      rules: [{ expiration: { days: 14 }, noncurrentVersionExpiration: { noncurrentDays: 7 } }, {}],
    });
    expect(JSON.parse(String(of('bucketPolicy', 'policy')['policy']))).toMatchObject({
      Statement: [
        { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ],
    });
  });

  it('is encrypted by the key of the account where one is given', async () => {
    const graph = await platform({}, { kmsKeyArn });
    const { inputs } = graph.one(
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      'mqtt-brokers-backups-encrypted',
    );
    expect(inputs['rules']).toMatchObject([
      { applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: kmsKeyArn } },
    ]);
    expect(rightsOf(graph).get('EncryptBackupsByKey')).toMatchObject({
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: [kmsKeyArn],
      Condition: { StringLike: { 'kms:ViaService': 's3.*' } },
    });
    expect(userDataOf(graph)).toContain(`"kmsKeyArn": "${kmsKeyArn}"`);
  });
});

it('a bucket of yours is left as it is, also where its name is not known yet', async () => {
  const graph = await platform({ bucket: 'company-backups', prefix: 'plant/mqtt/' });
  expect(graph.resources.filter(({ type }) => type.startsWith('aws:s3/'))).toEqual([]);
  const rights = rightsOf(graph);
  expect(rights.get('AddAndReadBackups')).toMatchObject({
    Action: ['s3:PutObject', 's3:GetObject'],
    Resource: ['arn:aws:s3:::company-backups/plant/mqtt/*'],
  });
  expect(rights.get('ListBackups')).toMatchObject({
    Action: ['s3:ListBucket'],
    Resource: ['arn:aws:s3:::company-backups'],
    Condition: { StringLike: { 's3:prefix': 'plant/mqtt/*' } },
  });
  expect([...rights.values()].flatMap(({ Action }) => Action).join()).not.toMatch(/s3:(Delete|\*)/);
});

it('brokers alone make backups, and none without the argument', async () => {
  const graph = await platform({ bucket: 'company-backups' });
  expect(userDataOf(graph)).toContain('/etc/systemd/system/emqx-backup.timer');
  const balancer = graph.one('aws:iam/rolePolicy:RolePolicy', 'mqtt-haproxy-1-policy').inputs;
  expect(JSON.stringify(balancer)).not.toContain('s3:');
  const without = await platform();
  expect(userDataOf(without)).not.toContain('emqx-backup');
  expect(without.resources.filter(({ type }) => type.startsWith('aws:s3/'))).toEqual([]);
  expect([...rightsOf(without).keys()]).toEqual(['ReadOwnSecrets']);
});

describe('what is wrong', () => {
  it.each<[BackupArgs, string, string]>([
    [{ bucket: 's3://mine' }, 'bucket', 'no URL and no ARN'],
    [{ bucket: 'mine', keepDays: 5 }, 'keepDays', 'emqx.backup.bucket is a bucket of yours'],
    [{ everyHours: 48, keepDays: 3 }, 'keepDays', 'with emqx.backup.everyHours 48 at least 4 is allowed'],
    [{ prefix: 'mqtt' }, 'prefix', 'each end in /'],
    [{ prefix: '/mqtt/' }, 'prefix', 'each end in /'],
  ])('%o is refused by its path', (backup, property, reason) => {
    const problems = checkMqttPlatformArgs('mqtt', { ssh, emqx: { backup } });
    expect(problems.map(({ path }) => path)).toEqual([`emqx.backup.${property}`]);
    expect(problems[0]?.reason).toContain(reason);
  });
});
