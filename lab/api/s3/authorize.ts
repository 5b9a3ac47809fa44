import type { AwsCall } from '../awsCall';
import { AwsError } from '../awsError';
import type { Region } from '../ec2/region';
import { evaluate, type Decision, type RequestedResource } from '../iam/evaluate';
import { parsePolicy, type Policy } from '../iam/policy';
import type { MotoApi } from '../moto';
import { partitionOf } from '../partition';
import { s3Request } from './request';

/** Who asks, as far as S3 is concerned. */
export interface S3Caller {
  readonly arn: string;
  readonly policies: readonly Policy[];
  readonly context: ReadonlyMap<string, string>;
}

/** What policies of a call to S3 are held against. */
export function s3Resources(
  region: string,
  { request }: Pick<AwsCall, 'request'>,
): readonly RequestedResource[] {
  const { bucket, key } = s3Request(request);
  const arn = `arn:${partitionOf(region).name}:s3:::${bucket}`;
  return [{ arn: key === '' ? arn : `${arn}/${key}`, tags: new Map() }];
}

/** The keys of conditions that a call to S3 has beside those of any call. */
export function s3Context({ request }: Pick<AwsCall, 'request'>): readonly (readonly [string, string])[] {
  const prefix = s3Request(request).query.get('prefix');
  const encryption = request.headers['x-amz-server-side-encryption'];
  return [
    ...(prefix === null ? [] : [['s3:prefix', prefix] as const]),
    ...(encryption === undefined ? [] : [['s3:x-amz-server-side-encryption', encryption] as const]),
  ];
}

/**
 * What is judged beside the caller's own policies: the bucket's, whose Deny counts for everybody, and the right to the key
 * that an object is encrypted by, which S3 uses in the name of whoever asks.
 */
export async function authorizeS3(region: Region, call: AwsCall, caller: S3Caller): Promise<void> {
  const { action = '', bucket } = s3Request(call.request);
  const context = new Map([...caller.context, ...s3Context(call)]);
  const resources = s3Resources(region.name, call);
  const policy = denials(region, bucket);
  if (policy !== undefined) {
    const decision = evaluate([everything, policy], { action: `s3:${action}`, resources, context });
    if (!decision.allowed)
      throw denied(caller.arn, `s3:${action}`, decision, 'with an explicit deny in a resource-based policy');
  }
  const key = await keyOf(region.moto, call, region.name);
  if (key === undefined) return;
  const use = action === 'PutObject' ? 'kms:GenerateDataKey' : 'kms:Decrypt';
  const via = `s3.${region.name}.${partitionOf(region.name).dnsSuffix}`;
  const decision = evaluate(caller.policies, {
    action: use,
    resources: [{ arn: key, tags: new Map() }],
    context: new Map([...context, ['kms:viaservice', via]]),
  });
  if (!decision.allowed)
    throw denied(caller.arn, use, decision, `because no identity-based policy allows the ${use} action`);
}

/** Of one who may do whatever no bucket's policy denies. */
export const everything: Policy = {
  statements: [
    {
      effect: 'Allow',
      actions: { not: false, patterns: ['*'] },
      resources: { not: false, patterns: ['*'] },
      conditions: [],
    },
  ],
};

function denied(
  arn: string,
  action: string,
  { resource }: Extract<Decision, { readonly allowed: false }>,
  why: string,
): AwsError {
  const message = `User: ${arn} is not authorized to perform: ${action} on resource: "${resource}" ${why}`;
  return new AwsError('AccessDenied', message, 403);
}

function denials({ bucketPolicies }: Region, bucket: string): Policy | undefined {
  const document = bucketPolicies.get(bucket);
  if (document === undefined) return undefined;
  const { statements } = parseBucketPolicy(bucket, document);
  return { statements: statements.filter(({ effect }) => effect === 'Deny') };
}

/** A policy whose statements are about everybody; others are nothing that the lab judges. */
export function parseBucketPolicy(bucket: string, document: string): Policy {
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch {
    throw new AwsError('MalformedPolicy', 'This policy contains invalid Json');
  }
  const withoutPrincipal = JSON.stringify(json, (key, value: unknown) => {
    if (key !== 'Principal') return value;
    if (value === '*') return undefined;
    throw new AwsError('MalformedPolicy', "the lab's buckets take statements with Principal '*' alone");
  });
  try {
    return parsePolicy(`bucket ${bucket}`, withoutPrincipal);
  } catch (error) {
    throw new AwsError('MalformedPolicy', error instanceof Error ? error.message : String(error));
  }
}

/** The account's own key of the object that is written or read; none where it is S3's. */
async function keyOf(
  moto: Pick<MotoApi, 'forward'>,
  { request }: AwsCall,
  region: string,
): Promise<string | undefined> {
  const { action, bucket, key } = s3Request(request);
  const header = 'x-amz-server-side-encryption-aws-kms-key-id';
  if (action === 'PutObject') return request.headers[header];
  if (action !== 'GetObject') return undefined;
  const path = `/${bucket}/${encodeURI(key)}`;
  const { headers } = await moto.forward('HEAD', path, ownHeaders(region), Buffer.alloc(0));
  return headers[header];
}

/** moto takes service and region from the credential's scope, and checks nothing else of it. */
function ownHeaders(region: string): Record<string, string> {
  const scope = `lab/20200101/${region}/s3/aws4_request`;
  return {
    host: `s3.${region}.${partitionOf(region).dnsSuffix}`,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=lab`,
  };
}
