import { z } from 'zod';
import type { AwsCall } from './awsCall';
import { AwsError } from './awsError';

/** What Secrets Manager keeps of a secret at most ("Secrets Manager quotas"); moto keeps any. */
const largestSecretBytes = 65_536;

const inputSchema = z.looseObject({ SecretString: z.string().optional() });

/** Refuses a value that Secrets Manager would not take. */
export function refuseLargeSecret({ service, action, request }: AwsCall): void {
  if (service !== 'secretsmanager' || !/^(CreateSecret|PutSecretValue|UpdateSecret)$/.test(action)) return;
  const { SecretString = '' } = inputSchema.parse(JSON.parse(request.body.toString()));
  if (Buffer.byteLength(SecretString) <= largestSecretBytes) return;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to ${largestSecretBytes}`,
  );
}
