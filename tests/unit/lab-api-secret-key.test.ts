import { expect, it } from 'vitest';
import type { AwsCall } from '../../lab/api/awsCall';
import { authorize } from '../../lab/api/iam/authorize';
import { parsePolicy } from '../../lab/api/iam/policy';
import type { RolePolicies } from '../../lab/api/iam/rolePolicies';
import { Parameters } from '../../lab/api/parameters';
import { TestRegion, credentials } from './lab-apiRegion';

const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:demo';
const key = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d';

const call: AwsCall = {
  requestId: 'request-1',
  request: { method: 'POST', url: '/', headers: {}, body: Buffer.from(JSON.stringify({ SecretId: arn })) },
  sourceAddress: '10.20.1.9',
  credential: undefined,
  service: 'secretsmanager',
  action: 'GetSecretValue',
  protocol: 'json',
  parameters: Parameters.of({}),
};
const read = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: arn };

function reading(statements: readonly object[], KmsKeyId?: string): Promise<void> {
  const { region } = new TestRegion({ json: () => Promise.resolve({ ARN: arn, KmsKeyId }) });
  const policy = parsePolicy('test', JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  const policies: Pick<RolePolicies, 'of'> = { of: () => Promise.resolve([policy]) };
  return authorize(region, policies, call, credentials);
}

it("a secret under AWS's own key needs no right to the key", async () => {
  await expect(reading([read])).resolves.toBeUndefined();
  await expect(
    reading([read], 'arn:aws:kms:eu-central-1:123456789012:alias/aws/secretsmanager'),
  ).resolves.toBeUndefined();
});

it("a secret under the account's own key is read by who may decrypt with it, by Secrets Manager", async () => {
  await expect(reading([read], key)).rejects.toThrow('Access to KMS is not allowed');
  const decrypt = (service: string) => ({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: key,
    Condition: { StringLike: { 'kms:ViaService': `${service}.*` } },
  });
  await expect(reading([read, decrypt('secretsmanager')], key)).resolves.toBeUndefined();
  await expect(reading([read, decrypt('ec2')], key)).rejects.toThrow('Access to KMS');
});
