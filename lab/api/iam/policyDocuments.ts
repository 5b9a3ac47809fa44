import { z } from 'zod';
import type { AwsCall } from '../awsCall';
import { AwsError } from '../awsError';
import { partitionOf } from '../partition';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const statementSchema = z.looseObject({ Resource: texts.optional(), NotResource: texts.optional() });
const documentSchema = z.looseObject({ Statement: z.union([statementSchema, z.array(statementSchema)]) });

/** Refuses a policy with an ARN of another partition, as IAM does (aws/copilot-cli#2563, eksctl-io/eksctl#4329). */
export function mustBeOfPartition({ service, parameters }: AwsCall, region: string): void {
  const document = parameters.text('PolicyDocument');
  if (service !== 'iam' || document === undefined) return;
  const { name } = partitionOf(region);
  for (const resource of resourcesOf(document)) {
    const partition = /^arn:([^:]*):/.exec(resource)?.[1];
    if (partition === undefined || partition === '*' || partition === name) continue;
    const message = `Partition "${partition}" is not valid for resource "${resource}".`;
    throw new AwsError('MalformedPolicyDocument', message);
  }
}

function resourcesOf(document: string): readonly string[] {
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'This policy contains invalid Json');
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  return [parsed.data.Statement]
    .flat()
    .flatMap(({ Resource = [], NotResource = [] }) => [...Resource, ...NotResource]);
}
