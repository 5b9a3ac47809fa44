import type * as pulumi from '@pulumi/pulumi';
import type { AuthenticatorArgs } from '../authentication';
import type { BrokerListener } from '../brokerListeners';
import type { Chains, Link } from '../chains';

/** A setting whose value only the hosts see: it stands in no plan. */
export interface SecretSetting {
  /** In EMQX's configuration; a place in a chain is counted from 1. */
  readonly path: readonly string[];
  readonly value: pulumi.Input<string>;
}

/** What is secret among the settings of chains that were planned without a problem. */
export function chainSecrets(
  authenticators: readonly AuthenticatorArgs[],
  { common, own }: Chains,
  listeners: readonly BrokerListener[],
): readonly SecretSetting[] {
  const of = (chain: readonly Link[], path: readonly string[]) =>
    chain.flatMap((kind, index) =>
      secretsOf(authenticators.find((args) => args[kind] !== undefined) ?? {}).map((secret) => ({
        ...secret,
        path: [...path, 'authentication', String(index + 1), ...secret.path],
      })),
    );
  return [
    ...of(common, []),
    ...listeners.flatMap(({ listener, transport, name }) =>
      of(own[listener.name] ?? [], ['listeners', transport, name]),
    ),
  ];
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
