import { expect, test } from 'vitest';
import type { S3 } from '../../lab/providers/aws/s3';
import { applied, awsError, fakeAws } from './lab-awsClients';

const inS3 = (type: string) => `aws:s3/${type}:${type[0]?.toUpperCase()}${type.slice(1)}`;

/** Keeps parts of buckets as they are written. */
class Buckets implements S3 {
  readonly parts = new Map<string, string>();
  readonly asked: string[] = [];

  ask(method: string, bucket: string, part = '', body = ''): Promise<string> {
    const name = `${bucket}?${part}`;
    this.asked.push(`${method} ${name}`);
    if (method === 'PUT') this.parts.set(name, body);
    if (method === 'DELETE') this.parts.delete(name);
    const found = this.parts.get(name);
    if (method === 'DELETE' || method === 'PUT') return Promise.resolve('');
    return found === undefined
      ? Promise.reject(awsError(part === '' ? 'NoSuchBucket' : `NoSuch${part}`))
      : Promise.resolve(found);
  }
}

test('a bucket is made in its region, tagged, and gone when S3 says so', async () => {
  const buckets = new Buckets();
  const { provider } = fakeAws({}, {}, buckets);
  const inputs = { bucket: 'mqtt-backups-1', tags: { a: '<b>' }, tagsAll: { a: '<b>' } };
  const { id, state } = await provider.create(inS3('bucket'), inputs, applied);
  expect(id).toBe('mqtt-backups-1');
  expect(state).toMatchObject({ arn: 'arn:aws:s3:::mqtt-backups-1', tags: { a: '<b>' } });
  expect(buckets.parts.get('mqtt-backups-1?')).toContain('<LocationConstraint>eu-central-1<');
  expect(buckets.parts.get('mqtt-backups-1?tagging')).toContain('<Tag><Key>a</Key><Value>&lt;b&gt;</Value>');
  await provider.delete({ type: inS3('bucket'), id }, state, 5);
  expect(buckets.asked.at(-1)).toBe('DELETE mqtt-backups-1?');
  await expect(buckets.ask('HEAD', 'mqtt-backups-1')).rejects.toThrow();
});

test.each([
  [
    'bucketPublicAccessBlock',
    { blockPublicAcls: true, blockPublicPolicy: false, ignorePublicAcls: true, restrictPublicBuckets: true },
    { blockPublicPolicy: true },
  ],
  ['bucketVersioning', { versioningConfiguration: { status: 'Enabled' } }, {}],
  [
    'bucketServerSideEncryptionConfiguration',
    {
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: 'arn:key' },
          bucketKeyEnabled: true,
        },
      ],
    },
    { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' }, bucketKeyEnabled: false }] },
  ],
  [
    'bucketLifecycleConfiguration',
    {
      rules: [
        {
          ...{ id: 'keep', status: 'Enabled', filter: { prefix: 'mqtt/' } },
          expiration: { days: 30, expiredObjectDeleteMarker: false },
          noncurrentVersionExpiration: { noncurrentDays: 7 },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
        {
          ...{ id: 'markers', status: 'Enabled', filter: { prefix: '' } },
          expiration: { expiredObjectDeleteMarker: true },
        },
      ],
    },
    { rules: [{ id: 'keep', status: 'Enabled', filter: { prefix: '' }, expiration: { days: 5 } }] },
  ],
  ['bucketPolicy', { policy: '{"Statement":[]}' }, { policy: '{"Statement":[1]}' }],
])('%s is read as it was written, and changed in place', async (type, given, change) => {
  const buckets = new Buckets();
  const { provider } = fakeAws({}, {}, buckets);
  const inputs = { bucket: 'b', ...given };
  const { id, state } = await provider.create(inS3(type), inputs, applied);
  expect(state).toMatchObject(inputs);
  const after = { ...inputs, ...change };
  const changed = await provider.update({ type: inS3(type), id }, { state, inputs }, after, applied);
  expect(changed).toMatchObject(after);
  await provider.delete({ type: inS3(type), id }, changed, 5);
  // S3 has no bucket without a word on versions: it suspends them.
  if (type !== 'bucketVersioning') expect([...buckets.parts.keys()]).toEqual([]);
});

test('a rule that S3 refuses is refused before', () => {
  const { provider } = fakeAws({});
  const expiration = { days: 1, expiredObjectDeleteMarker: true };
  const inputs = { bucket: 'b', rules: [{ id: 'both', status: 'Enabled', expiration }] };
  const { failures } = provider.check(
    inS3('bucketLifecycleConfiguration'),
    'b',
    Buffer.from('seed'),
    {},
    inputs,
  );
  expect(failures.map(({ reason }) => reason).join()).toContain('give each a rule');
});
