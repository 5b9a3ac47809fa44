import * as pulumi from '@pulumi/pulumi';
import { secretOr } from '../host/generatedSecret';
import type { ApiKey, ApiKeyArgs, PlannedApiKey } from './apiKeys';

/** The keys with their secrets, random ones where none was given. */
export function apiKeysWithSecrets(
  planned: readonly PlannedApiKey[],
  keys: Readonly<Record<string, ApiKeyArgs>>,
  name: string,
  parent: pulumi.Resource,
): pulumi.Output<readonly ApiKey[]> {
  return pulumi.secret(
    pulumi.all(
      planned.map((key) =>
        secretOr(keys[key.name]?.secret, `${name}-api-key-${key.name}`, 48, parent).apply((secret) => ({
          key: key.name,
          secret,
          role: key.role,
        })),
      ),
    ),
  );
}
