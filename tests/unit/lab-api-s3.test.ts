import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lab/api/awsCall';
import { authorize } from '../../lab/api/iam/authorize';
import { parsePolicy } from '../../lab/api/iam/policy';
import { isSignedWith, parseAuthorization } from '../../lab/api/iam/signature';
import { Parameters } from '../../lab/api/parameters';
import { answerS3 } from '../../lab/api/s3/answer';
import { authorizeS3, everything } from '../../lab/api/s3/authorize';
import { checksumOf } from '../../lab/api/s3/content';
import { s3Request } from '../../lab/api/s3/request';
import { TestRegion, credentials } from './lab-apiRegion';

const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A call as a host makes it, with headers that fit its body unless others are given. */
function call(
  method: string,
  url: string,
  {
    body = '',
    headers = {},
    region = 'eu-central-1',
  }: { body?: string; headers?: object; region?: string } = {},
): AwsCall {
  const request = {
    method,
    url,
    headers: { 'x-amz-content-sha256': sha256(body), ...headers },
    body: Buffer.from(body),
  };
  return {
    requestId: 'request-1',
    request,
    sourceAddress: '10.20.1.9',
    credential: {
      ...{ accessKeyId: 'ASIA1', date: '20261128', region, service: 's3' },
      ...{ signedHeaders: [], signature: '' },
    },
    service: 's3',
    action: s3Request(request).action ?? 'Unknown',
    protocol: 's3',
    parameters: Parameters.of({}),
  };
}

/** A region with a bucket of this policy, whose objects are encrypted by a key where one is given. */
function region(policy?: object, kmsKey?: string) {
  const { region: made } = new TestRegion({
    forward: () => {
      const headers: Record<string, string> =
        kmsKey === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKey };
      return Promise.resolve({ status: 200, headers, body: Buffer.from('kept') });
    },
  });
  if (policy !== undefined) made.bucketPolicies.set('backups', JSON.stringify(policy));
  return { made };
}

describe('a signature', () => {
  /** The worked examples of S3's own documentation. */
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const get = {
    method: 'GET',
    url: '/test.txt',
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': sha256(''),
      'x-amz-date': '20130524T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41`,
    },
    body: Buffer.alloc(0),
  };
  const put = {
    method: 'PUT',
    url: '/test%24file.text',
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': sha256('Welcome to Amazon S3.'),
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd`,
    },
    body: Buffer.from('Welcome to Amazon S3.'),
  };

  it.each([
    ['GET', get],
    ['PUT', put],
  ])("is of the path as it came and of what is said of the body: %s of S3's documentation", (_, request) => {
    const credential = parseAuthorization(request.headers.authorization);
    if (credential === undefined) throw new Error('no credential');
    expect(isSignedWith(secret, request, credential)).toBe(true);
    const another = { ...request, headers: { ...request.headers, 'x-amz-content-sha256': sha256('x') } };
    expect(isSignedWith(secret, another, credential)).toBe(false);
  });
});

describe('what S3 refuses', () => {
  const put = (headers: object, body = 'archive') =>
    answerS3(call('PUT', '/backups/mqtt/a', { body, headers }), 'instance', region().made);

  it('content that is not what its headers say, and of which nothing is kept', async () => {
    await expect(put({ 'x-amz-content-sha256': sha256('other') })).rejects.toThrow('does not match');
    await expect(put({ 'x-amz-content-sha256': undefined })).rejects.toThrow('x-amz-content-sha256');
    const wrong = checksumOf(Buffer.from('other'));
    await expect(put({ 'x-amz-checksum-sha256': wrong })).rejects.toMatchObject({ code: 'BadDigest' });
    await expect(put({ 'x-amz-checksum-sha256': 'AAAA' })).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('another region, and what the lab does not have', async () => {
    const { made } = region();
    await expect(answerS3(call('GET', '/b/k', { region: 'eu-west-1' }), 'instance', made)).rejects.toThrow(
      "the region 'eu-west-1' is wrong; expecting 'eu-central-1'",
    );
    await expect(answerS3(call('POST', '/b/k?uploads'), 'instance', made)).rejects.toMatchObject({
      code: 'NotImplemented',
    });
    const policy = JSON.stringify({
      Statement: { Effect: 'Allow', Principal: { AWS: '1' }, Action: 's3:*' },
    });
    await expect(answerS3(call('PUT', '/b?policy', { body: policy }), 'runner', made)).rejects.toMatchObject({
      code: 'MalformedPolicy',
    });
  });
});

it('tells the checksum of what was put, and of what is got where it is asked for', async () => {
  const { made } = region();
  const checksum = checksumOf(Buffer.from('archive'));
  const headers = { 'x-amz-checksum-sha256': checksum };
  const kept = await answerS3(call('PUT', '/b/k', { body: 'archive', headers }), 'instance', made);
  expect(kept.headers['x-amz-checksum-sha256']).toBe(checksum);
  const asked = { headers: { 'x-amz-checksum-mode': 'ENABLED' } };
  const got = await answerS3(call('GET', '/b/k', asked), 'instance', made);
  expect(got.headers['x-amz-checksum-sha256']).toBe(checksumOf(Buffer.from('kept')));
  const plain = await answerS3(call('GET', '/b/k'), 'instance', made);
  expect(plain.headers['x-amz-checksum-sha256']).toBeUndefined();
});

describe('a role', () => {
  const bucket = 'arn:aws:s3:::backups';
  const statements = [
    { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject'], Resource: `${bucket}/mqtt/*` },
    {
      ...{ Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket },
      Condition: { StringLike: { 's3:prefix': 'mqtt/*' } },
    },
  ];
  const tlsAlone = {
    Statement: {
      ...{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [bucket, `${bucket}/*`] },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  };
  const may = (asked: AwsCall, more: readonly object[] = [], policy?: object, kmsKey?: string) => {
    const own = parsePolicy('test', JSON.stringify({ Statement: [...statements, ...more] }));
    return authorize(region(policy, kmsKey).made, { of: () => Promise.resolve([own]) }, asked, credentials);
  };

  it.each([
    ['PUT', '/backups/mqtt/a'],
    ['GET', '/backups/mqtt/a'],
    ['GET', '/backups?list-type=2&prefix=mqtt%2F'],
  ])('may what its policy says: %s %s', async (method, url) => {
    await expect(may(call(method, url), [], tlsAlone)).resolves.toBeUndefined();
  });

  it.each([
    ['DELETE', '/backups/mqtt/a', 's3:DeleteObject'],
    ['PUT', '/backups/other/a', 's3:PutObject'],
    ['GET', '/backups?list-type=2&prefix=other%2F', 's3:ListBucket'],
    ['GET', '/backups?list-type=2', 's3:ListBucket'],
    ['PUT', '/backups?policy', 's3:PutBucketPolicy'],
  ])('may nothing else: %s %s', async (method, url, action) => {
    await expect(may(call(method, url))).rejects.toThrow(`not authorized to perform: ${action}`);
  });

  it("is refused by the bucket's own policy, whatever its own says", async () => {
    const closed = { Statement: { ...tlsAlone.Statement, Condition: {} } };
    await expect(may(call('PUT', '/backups/mqtt/a'), [], closed)).rejects.toThrow('resource-based policy');
  });

  it('needs the right to the key that objects are encrypted by', async () => {
    const header = { headers: { 'x-amz-server-side-encryption-aws-kms-key-id': key } };
    const put = call('PUT', '/backups/mqtt/a', header);
    const get = call('GET', '/backups/mqtt/a');
    const through = (service: string) => ({
      ...{ Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: key },
      Condition: { StringLike: { 'kms:ViaService': `${service}.*` } },
    });
    await expect(may(put)).rejects.toThrow('kms:GenerateDataKey');
    await expect(may(get, [], undefined, key)).rejects.toThrow('kms:Decrypt');
    await expect(may(put, [through('secretsmanager')])).rejects.toThrow('kms:GenerateDataKey');
    await expect(may(put, [through('s3')])).resolves.toBeUndefined();
    await expect(may(get, [through('s3')], undefined, key)).resolves.toBeUndefined();
  });
});

it('a call in the clear is refused where the policy of the bucket says so', async () => {
  const policy = {
    Statement: {
      ...{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::backups/*' },
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  };
  const by = (secure: string) =>
    authorizeS3(region(policy).made, call('GET', '/backups/mqtt/a'), {
      ...{ arn: 'arn:aws:iam::123456789012:user/x', policies: [everything] },
      context: new Map([['aws:securetransport', secure]]),
    });
  await expect(by('true')).resolves.toBeUndefined();
  await expect(by('false')).rejects.toMatchObject({ code: 'AccessDenied' });
});
