import type { AwsCall } from '../awsCall';
import { AwsError } from '../awsError';
import type { Region } from '../ec2/region';
import type { Caller } from '../iam/authenticate';
import type { HttpAnswer } from '../moto';
import { parseBucketPolicy } from './authorize';
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
  if (action === 'PutBucketPolicy') parseBucketPolicy(bucket, request.body.toString());
  const { method, url, headers, body } = request;
  const answer = await region.moto.forward(method, url, headers, body);
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
