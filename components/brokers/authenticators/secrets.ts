import type * as pulumi from '@pulumi/pulumi';
import type { AuthenticatorArgs } from '../authentication';

/** A setting whose value only the hosts see: it stands in no plan. */
export interface SecretSetting {
  /** Below the chain; its first element is a place counted from 1. */
  readonly path: readonly string[];
  readonly value: pulumi.Input<string>;
}

/** What is secret among the settings of a chain that was planned without a problem. */
export function chainSecrets(authenticators: readonly AuthenticatorArgs[]): readonly SecretSetting[] {
  // A certificate is judged by the balancer and has no place in the chain.
  const links = authenticators.filter(({ clientCertificate }) => clientCertificate !== true);
  return links.flatMap((args, index) =>
    secretsOf(args).map(({ path, value }) => ({ path: [String(index + 1), ...path], value })),
  );
}

function secretsOf({
  jwt,
  http,
  postgresql,
  mysql,
  redis,
  ldap,
}: AuthenticatorArgs): readonly SecretSetting[] {
  const passwords = [postgresql, mysql, redis, ldap].map((server) => server?.password);
  return [
    ...setting(['secret'], jwt?.secret),
    ...Object.entries(http?.headers ?? {}).flatMap(([name, value]) =>
      setting(['headers', name.toLowerCase()], value),
    ),
    ...passwords.flatMap((password) => setting(['password'], password)),
  ];
}

function setting(path: readonly string[], value: pulumi.Input<string> | undefined): readonly SecretSetting[] {
  return value === undefined ? [] : [{ path, value }];
}
