import { createHash } from 'node:crypto';
import { AwsError } from '../awsError';
import type { SignedRequest } from '../iam/signature';

/** A checksum as S3's headers have it. */
export function checksumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64');
}

/** Refuses content that is not what its headers say: moto keeps whatever comes. */
export function mustBeAsSaid({ headers, body }: Pick<SignedRequest, 'headers' | 'body'>): void {
  const signed = headers['x-amz-content-sha256'];
  if (signed === undefined)
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  if (signed !== createHash('sha256').update(body).digest('hex'))
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  const checksum = headers['x-amz-checksum-sha256'];
  if (checksum === undefined || checksum === checksumOf(body)) return;
  const isOne = Buffer.from(checksum, 'base64').length === 32;
  throw isOne
    ? new AwsError('BadDigest', 'The SHA256 you specified did not match the calculated checksum.')
    : new AwsError('InvalidRequest', 'Value for x-amz-checksum-sha256 header is invalid.');
}
