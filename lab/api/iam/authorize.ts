import { z } from 'zod';
import type { AwsCall } from '../awsCall';
import { AwsError } from '../awsError';
import { accountId, type Region } from '../ec2/region';
import { partitionOf } from '../partition';
import { authorizeS3, s3Context, s3Resources } from '../s3/authorize';
import { ec2Resources } from './ec2Resources';
import { evaluate, type Decision, type RequestedResource } from './evaluate';
import type { RoleCredentials } from './instanceCredentials';
import type { RolePolicies } from './rolePolicies';

/** Refuses a call that the caller's role does not allow, naming the action and the resource. */
export async function authorize(
  region: Region,
  policies: Pick<RolePolicies, 'of'>,
  call: AwsCall,
  credentials: RoleCredentials,
): Promise<void> {
  // As in AWS, who one is may always be asked.
  if (call.service === 'sts' && call.action === 'GetCallerIdentity') return;
  const { name: partition } = partitionOf(region.name);
  const action = actionOf(call);
  const arn = callerArn(region.name, credentials);
  const context = new Map([
    ['aws:requestedregion', call.credential?.region ?? region.name],
    ['ec2:region', region.name],
    ['aws:principalarn', `arn:${partition}:iam::${accountId}:role/${credentials.roleName}`],
    ['aws:principalaccount', accountId],
    ['aws:sourceip', call.sourceAddress],
    ['aws:securetransport', 'true'],
    ['aws:currenttime', new Date().toISOString()],
    [
      'ec2:sourceinstancearn',
      `arn:${partition}:ec2:${region.name}:${accountId}:instance/${credentials.instanceId}`,
    ],
  ]);
  const own = await policies.of(credentials.roleName);
  if (call.protocol === 's3') for (const [key, value] of s3Context(call)) context.set(key, value);
  const decision = evaluate(own, { action, resources: await resourcesOf(region, call), context });
  if (!decision.allowed) throw refusal(call, arn, action, decision);
  if (call.protocol === 's3') await authorizeS3(region, call, { arn, policies: own, context });
  else await refuseForeignKey(region, own, call, context);
}

/** As policies name it, for example ec2:RunInstances. */
export function actionOf({ service, action }: AwsCall): string {
  return `${prefixes[service] ?? service}:${action}`;
}

/** The error of the call's service that names who may not do what with which resource. */
export function refusal(
  call: AwsCall,
  arn: string,
  action: string,
  { resource, explicit }: Extract<Decision, { readonly allowed: false }>,
): AwsError {
  const why = explicit
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  return denied(call, `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`);
}

/**
 * A secret under a key of the account's own is decrypted in the name of whoever asks for it, so that its role must be
 * allowed that too: by Secrets Manager, as the condition kms:ViaService says.
 */
async function refuseForeignKey(
  region: Region,
  policies: Awaited<ReturnType<RolePolicies['of']>>,
  call: AwsCall,
  context: ReadonlyMap<string, string>,
): Promise<void> {
  if (call.service !== 'secretsmanager' || call.action !== 'GetSecretValue') return;
  const { SecretId = '' } = jsonInput.safeParse(parseBody(call)).data ?? {};
  const key = (await describedSecret(region, SecretId))?.KmsKeyId;
  if (!key || key.endsWith('alias/aws/secretsmanager')) return;
  const via = `secretsmanager.${region.name}.${partitionOf(region.name).dnsSuffix}`;
  const decision = evaluate(policies, {
    action: 'kms:Decrypt',
    resources: [{ arn: key, tags: new Map() }],
    context: new Map([...context, ['kms:viaservice', via]]),
  });
  if (!decision.allowed) throw new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
}

/** The role's session, as GetCallerIdentity and error messages name it. */
export function callerArn(region: string, { roleName, instanceId }: RoleCredentials): string {
  return `arn:${partitionOf(region).name}:sts::${accountId}:assumed-role/${roleName}/${instanceId}`;
}

/** Services whose actions have another prefix than their signing name. */
const prefixes: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

function denied(call: AwsCall, message: string): AwsError {
  switch (call.protocol) {
    case 'ec2':
      return new AwsError(
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. ${message}`,
        403,
      );
    case 'query':
    case 's3':
      return new AwsError('AccessDenied', message, 403);
    case 'json':
      return new AwsError('AccessDeniedException', message);
  }
}

/** What the policies of a role are held against. */
export async function resourcesOf(region: Region, call: AwsCall): Promise<readonly RequestedResource[]> {
  if (call.service === 'ec2') return ec2Resources(region, call.parameters);
  if (call.protocol === 's3') return s3Resources(region.name, call);
  const input = jsonInput.safeParse(parseBody(call)).data ?? {};
  if (call.service === 'secretsmanager' && input.SecretId !== undefined) {
    return [await secret(region, input.SecretId)];
  }
  if (call.service === 'kms' && input.KeyId !== undefined) return [{ arn: input.KeyId, tags: new Map() }];
  if (call.service === 'ssm') {
    const names = [input.Name, ...(input.Names ?? []), input.Path].filter((name) => name !== undefined);
    if (names.length > 0) return names.map((name) => ({ arn: parameterArn(region, name), tags: new Map() }));
  }
  return [{ arn: '*', tags: new Map() }];
}

const jsonInput = z.object({
  KeyId: z.string().optional(),
  SecretId: z.string().optional(),
  Name: z.string().optional(),
  Names: z.array(z.string()).optional(),
  Path: z.string().optional(),
});

function parseBody(call: AwsCall): unknown {
  if (call.protocol !== 'json') return {};
  try {
    return JSON.parse(call.request.body.toString());
  } catch {
    throw new AwsError('SerializationException', 'the request is no JSON');
  }
}

const secretDescription = z.object({
  ARN: z.string(),
  KmsKeyId: z.string().nullish(),
  Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).optional(),
});

/** A secret is named by its name or its ARN; policies know the ARN. One that does not exist keeps what was asked. */
async function secret(region: Region, secretId: string): Promise<RequestedResource> {
  const described = await describedSecret(region, secretId);
  if (described !== undefined) {
    const tags = (described.Tags ?? []).map((tag) => [tag.Key, tag.Value] as const);
    return { arn: described.ARN, tags: new Map(tags) };
  }
  const arn = `arn:${partitionOf(region.name).name}:secretsmanager:${region.name}:${accountId}:secret:${secretId}`;
  return { arn: secretId.startsWith('arn:') ? secretId : arn, tags: new Map() };
}

async function describedSecret(region: Region, secretId: string) {
  const description: unknown = await region.moto
    .json('secretsmanager', region.name, 'secretsmanager.DescribeSecret', { SecretId: secretId })
    .catch(() => undefined);
  return secretDescription.safeParse(description).data;
}

function parameterArn(region: Region, name: string): string {
  if (name.startsWith('arn:')) return name;
  // AWS's own parameters are of no account.
  const owner = name.startsWith('/aws/service/') ? '' : accountId;
  return `arn:${partitionOf(region.name).name}:ssm:${region.name}:${owner}:parameter/${name.replace(/^\//, '')}`;
}
