import { z } from 'zod';
import type { ClientSettings } from './clients';

/** What is asked of KMS. */
export interface Kms {
  describeKey(keyId: string): Promise<z.infer<typeof keySchema>>;
}

const keySchema = z.object({
  AWSAccountId: z.string(),
  Arn: z.string(),
  CreationDate: z.number().optional(),
  Description: z.string().default(''),
  Enabled: z.boolean(),
  KeyId: z.string(),
  KeyManager: z.string(),
  KeySpec: z.string(),
  KeyState: z.string(),
  KeyUsage: z.string(),
  MultiRegion: z.boolean().default(false),
  Origin: z.string(),
});
const errorSchema = z.object({ __type: z.string(), message: z.string().default('') });

/**
 * One call, for which the SDK's client would be a package more. It is not signed: the lab's region takes the runner's
 * key on the runner's own connection.
 */
export function kmsOf(region: string, settings: ClientSettings): Kms {
  const endpoint = settings.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const key = settings.credentials?.accessKeyId ?? process.env['AWS_ACCESS_KEY_ID'] ?? '';
  return {
    async describeKey(keyId) {
      if (endpoint === undefined)
        throw new Error('lab: KMS is asked of the lab alone, and AWS_ENDPOINT_URL is not set');
      const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
      const scope = `${key}/${now.slice(0, 8)}/${region}/kms/aws4_request`;
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'TrentService.DescribeKey',
          'x-amz-date': now,
          authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
        },
        body: JSON.stringify({ KeyId: keyId }),
      });
      const body: unknown = await answer.json();
      if (answer.ok) return z.object({ KeyMetadata: keySchema }).parse(body).KeyMetadata;
      const { __type: name, message } = errorSchema.parse(body);
      throw Object.assign(new Error(`${name}: ${message}`), { name });
    },
  };
}
