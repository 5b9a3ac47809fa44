import type { AwsCall } from '../awsCall';
import { AwsError } from '../awsError';
import type { Region } from '../ec2/region';
import type { Caller } from '../iam/authenticate';
import type { HttpAnswer } from '../moto';
import { parseBucketPolicy } from './authorize';
import type { SignedRequest } from '../iam/signature';
import { checksumOf, mustBeAsSaid } from './content';
import { s3Request } from './request';

/** moto's answer, with what S3 refuses and moto takes refused before, and with the checksums that moto does not keep. */
export async function answerS3(call: AwsCall, caller: Caller['kind'], region: Region): Promise<HttpAnswer> {
  const { request, credential } = call;
  const { action, bucket } = s3Request(request);
  if (action === undefined)
    throw new AwsError('NotImplemented', `the lab's S3 has no ${request.method} ${request.url}`, 501);
  if (credential?.region !== region.name)
    throw new AwsError(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${credential?.region ?? ''}' is wrong; expecting '${region.name}'`,
    );
  // The runner's calls are the lab's own provider's, on a connection of their own.
  if (caller === 'instance') mustBeAsSaid(request);
  if (/^\w+BucketPolicy$/.test(action)) return ofPolicy(region, bucket, action, request);
  const { method, url, headers, body } = request;
  const answer = await region.moto.forward(method, url, headers, body);
  if (action === 'DeleteBucket' && answer.status < 300) region.bucketPolicies.delete(bucket);
  if (answer.status !== 200) return answer;
  const wantsChecksum = headers['x-amz-checksum-mode']?.toLowerCase() === 'enabled';
  const checksum =
    action === 'PutObject'
      ? headers['x-amz-checksum-sha256']
      : action === 'GetObject' && method === 'GET' && wantsChecksum
        ? checksumOf(answer.body)
        : undefined;
  return checksum === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'x-amz-checksum-sha256': checksum } };
}

/** A bucket's policy is the front's own. */
async function ofPolicy(
  region: Region,
  bucket: string,
  action: string,
  { headers, body }: SignedRequest,
): Promise<HttpAnswer> {
  // Whether there is such a bucket moto knows.
  const there = await region.moto.forward('GET', `/${bucket}?versioning`, headers, Buffer.alloc(0));
  if (there.status !== 200) return there;
  const known = region.bucketPolicies.get(bucket);
  switch (action) {
    case 'PutBucketPolicy':
      parseBucketPolicy(bucket, body.toString());
      region.bucketPolicies.set(bucket, body.toString());
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    case 'DeleteBucketPolicy':
      region.bucketPolicies.delete(bucket);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    default:
      if (known === undefined)
        throw new AwsError('NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(known) };
  }
}
