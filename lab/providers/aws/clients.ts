import { present, type Clients } from './call';
import { kmsOf } from './kms';
import { s3Of } from './s3';

export interface ClientSettings {
  /** AWS_ENDPOINT_URL when left out. */
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Clients of a region by the SDK's own rules (AWS_ENDPOINT_URL, credentials from the environment, ...). */
export function sdkClients(region: string, settings: ClientSettings): Clients {
  // As often as the official provider asks a throttled API (its max_retries).
  const config = { ...settings, region, maxAttempts: 25 };
  const sts = once(async () => new (await import('@aws-sdk/client-sts')).STS(config));
  return {
    ec2: once(async () => new (await import('@aws-sdk/client-ec2')).EC2(config)),
    iam: once(async () => new (await import('@aws-sdk/client-iam')).IAM(config)),
    kms: () => Promise.resolve(kmsOf(region, settings)),
    s3: () => Promise.resolve(s3Of(region, settings)),
    secretsManager: once(
      async () => new (await import('@aws-sdk/client-secrets-manager')).SecretsManager(config),
    ),
    serviceQuotas: once(
      async () => new (await import('@aws-sdk/client-service-quotas')).ServiceQuotas(config),
    ),
    ssm: once(async () => new (await import('@aws-sdk/client-ssm')).SSM(config)),
    sts,
    account: once(async () => present((await (await sts()).getCallerIdentity({})).Account, 'the account')),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
