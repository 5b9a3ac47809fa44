import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** One key of EMQX's REST API. */
export interface ApiKeyArgs {
  /** What it may: `administrator`; from EMQX 5.9 on also `viewer` (reads) or `publisher` (publishes). @default `administrator` */
  role?: 'administrator' | 'viewer' | 'publisher';
  /** Its secret. @secret @default 48 random characters, in the stack output `apiKeys` */
  secret?: pulumi.Input<string>;
}

/** A key as it is to be. */
export interface PlannedApiKey {
  readonly name: string;
  readonly role: string;
}

/** A key with its secret; the whole is a secret. */
export interface ApiKey {
  /** Its name, the user of HTTP basic authentication. */
  readonly key: string;
  /** The password that goes with it. */
  readonly secret: string;
  /** What it may do: administrator, viewer or publisher. */
  readonly role: string;
}

/** The key of the brokers' own programs. */
export const ownKeyName = 'emqx-haproxy';

/** EMQX takes 100, and leaves room for some that others make. */
const most = 80;

/** Decides the keys; what is wrong goes to `problems` under `path`. */
export function planApiKeys(
  keys: Readonly<Record<string, ApiKeyArgs>>,
  version: string,
  path: string,
  problems: Problems,
): readonly PlannedApiKey[] {
  const names = Object.keys(keys);
  if (names.length > most)
    problems.add(path, `has ${names.length} keys; at most ${most} are allowed, since EMQX takes 100 in all`);
  return Object.entries(keys).map(([name, { role = 'administrator', secret }]) => {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || name === ownKeyName)
      problems.add(
        path,
        `has the name ${JSON.stringify(name)}; 1 to 64 letters, digits and ._- are allowed, but not ${ownKeyName}`,
      );
    problems.oneOf(`${path}.${name}.role`, role, ['administrator', 'viewer', 'publisher']);
    if (role !== 'administrator' && version.startsWith('5.8.'))
      problems.add(
        `${path}.${name}.role`,
        `is ${role}, which EMQX ${version} does not have; administrator is allowed before 5.9`,
      );
    if (typeof secret === 'string' && !/^[A-Za-z0-9._~+/=-]{16,128}$/.test(secret))
      problems.add(
        `${path}.${name}.secret`,
        'is no secret that fits; 16 to 128 letters, digits and ._~+/=- are allowed; leave it out for a random one',
      );
    return { name, role };
  });
}

/** The file that EMQX reads them from, that of the brokers' own programs first. */
export function apiKeysFile(ownSecret: string, keys: readonly ApiKey[]): string {
  const lines = keys.map(
    ({ key, secret, role }) => `${key}:${secret}${role === 'administrator' ? '' : `:${role}`}\n`,
  );
  return `${ownKeyName}:${ownSecret}\n${lines.join('')}`;
}
