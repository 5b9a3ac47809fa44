import { AwsError } from '../awsError';
import type { AwsCall } from '../awsCall';
import type { Faults } from '../faults';
import type { InstanceCredentials, RoleCredentials } from './instanceCredentials';
import { isSignedWith, signedAt } from './signature';

/** Who makes a call. */
export type Caller =
  { readonly kind: 'runner' } | { readonly kind: 'instance'; readonly credentials: RoleCredentials };

/** The runner's access key; it is good on the runner's own connection only. */
export const runnerAccessKey = 'lab';

const allowedSkewMs = 5 * 60 * 1000;

/** Finds out who calls, and refuses with the codes that the service itself uses. */
export function authenticate(
  call: AwsCall,
  fromRunner: boolean,
  issued: InstanceCredentials,
  faults: Faults,
  now: number,
): Caller {
  const { credential, request } = call;
  const codes = codesOf(call);
  if (credential === undefined && call.protocol === 's3') {
    throw new AwsError('AccessDenied', 'Access Denied', 403);
  }
  if (credential === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  }
  if (fromRunner && credential.accessKeyId === runnerAccessKey) return { kind: 'runner' };
  const credentials = issued.withKey(credential.accessKeyId);
  if (credentials === undefined || request.headers['x-amz-security-token'] !== credentials.token) {
    throw codes.unknownKey();
  }
  if (!isSignedWith(credentials.secretAccessKey, request, credential)) throw codes.wrongSignature();
  const target = { service: call.service, action: call.action, caller: 'instance' } as const;
  const clock = now + faults.skewMs(target);
  const age = Math.abs(clock - signedAt(request));
  if (!(age <= allowedSkewMs)) throw codes.wrongTime(request.headers['x-amz-date'] ?? 'nothing', clock);
  if (now >= credentials.expiresAt) throw codes.expiredToken();
  return { kind: 'instance', credentials };
}

interface Codes {
  unknownKey(): AwsError;
  wrongSignature(): AwsError;
  wrongTime(signed: string, clock: number): AwsError;
  expiredToken(): AwsError;
}

function codesOf({ protocol }: AwsCall): Codes {
  switch (protocol) {
    case 'ec2':
      return ec2Codes;
    case 'query':
      return queryCodes;
    case 'json':
      return jsonCodes;
    case 's3':
      return s3Codes;
  }
}

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';
const expired = 'The security token included in the request is expired';
const invalid = 'The security token included in the request is invalid';

function timeMessage(signed: string, clock: number): string {
  const shown = new Date(clock).toISOString().replace(/[-:]|\.\d+/g, '');
  return `Signature not within 5 minutes of the service's clock: signed ${signed}, now ${shown}`;
}

const ec2Codes: Codes = {
  unknownKey: () => notValidated(),
  wrongSignature: () => notValidated(),
  wrongTime: () => new AwsError('RequestExpired', 'Request has expired.'),
  expiredToken: () => new AwsError('RequestExpired', 'Request has expired.'),
};

function notValidated(): AwsError {
  return new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
}

const queryCodes: Codes = {
  unknownKey: () => new AwsError('InvalidClientTokenId', invalid, 403),
  wrongSignature: () => new AwsError('SignatureDoesNotMatch', mismatch, 403),
  wrongTime: (signed, clock) => new AwsError('SignatureDoesNotMatch', timeMessage(signed, clock), 403),
  expiredToken: () => new AwsError('ExpiredToken', expired, 403),
};

const jsonCodes: Codes = {
  unknownKey: () => new AwsError('UnrecognizedClientException', invalid),
  wrongSignature: () => new AwsError('InvalidSignatureException', mismatch),
  wrongTime: (signed, clock) => new AwsError('InvalidSignatureException', timeMessage(signed, clock)),
  expiredToken: () => new AwsError('ExpiredTokenException', expired),
};

const s3Codes: Codes = {
  unknownKey: () =>
    new AwsError(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
      403,
    ),
  wrongSignature: () => new AwsError('SignatureDoesNotMatch', mismatch, 403),
  wrongTime: () =>
    new AwsError(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      403,
    ),
  expiredToken: () => new AwsError('ExpiredToken', 'The provided token has expired.'),
};
