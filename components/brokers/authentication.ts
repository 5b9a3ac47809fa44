import type { Problems } from '../rendering/problems';
import type { AuthenticatorSettings, PlannedAuthenticator } from './authenticators/authenticator';
import type {
  MysqlAuthenticationArgs,
  PostgresqlAuthenticationArgs,
  RedisAuthenticationArgs,
} from './authenticators/databases';
import { planRedis, planSql } from './authenticators/databases';
import type { HttpAuthenticationArgs } from './authenticators/http';
import { planHttpAuthentication } from './authenticators/http';
import type { JwtArgs } from './authenticators/jwt';
import { planJwt } from './authenticators/jwt';
import type { LdapAuthenticationArgs } from './authenticators/ldap';
import { planLdap } from './authenticators/ldap';
import type { ServerFile, ServerPort } from './authenticators/server';
import type { PlannedUsers, UserArgs } from './users';
import { planUsers } from './users';

/**
 * One way for clients to prove who they are; just one of its keys is given. EMQX asks one after the other: who is
 * unknown to one is asked of the next, who is known there and wrong is refused, and who is unknown to all is refused.
 */
export interface AuthenticatorArgs {
  /** Users by name, in EMQX's built-in database: made, changed and removed while the brokers run. Users that others make there stay. @default none */
  users?: Record<string, UserArgs>;
  /** users: what of a client a user's name is compared with, `username` or `clientid`. @default `username` */
  userIdType?: 'username' | 'clientid';
  /** Signed tokens. @default none */
  jwt?: JwtArgs;
  /** A service of yours. @default none */
  http?: HttpAuthenticationArgs;
  /** A table in PostgreSQL. @default none */
  postgresql?: PostgresqlAuthenticationArgs;
  /** A table in MySQL. @default none */
  mysql?: MysqlAuthenticationArgs;
  /** Keys in Redis. @default none */
  redis?: RedisAuthenticationArgs;
  /** A directory. @default none */
  ldap?: LdapAuthenticationArgs;
  /** True lets in who shows a good certificate, without a password, on listeners whose `clientCertificates.identity` takes the name from it. @default false */
  clientCertificate?: boolean;
}

/** Who may connect, with everything decided. */
export interface PlannedAuthentication {
  /** EMQX's `authentication`, but for what is secret. Never empty: an empty chain lets everybody in. */
  readonly chain: readonly AuthenticatorSettings[];
  readonly files: readonly ServerFile[];
  readonly reaches: readonly ServerPort[];
  readonly users: PlannedUsers;
  /** Whether a certificate that names the client is enough. */
  readonly certificateIsEnough: boolean;
  /** Where in the arguments somebody is let in who may claim any user name; empty where nobody is. */
  readonly unprovenUsernames: readonly string[];
}

const kinds = [
  'users',
  'jwt',
  'http',
  'postgresql',
  'mysql',
  'redis',
  'ldap',
  'clientCertificate',
] as const satisfies readonly (keyof AuthenticatorArgs)[];

type Kind = (typeof kinds)[number];

/** Decides the chain; what is wrong goes to `problems` under `path`. */
export function planAuthentication(
  authenticators: readonly AuthenticatorArgs[],
  path: string,
  problems: Problems,
): PlannedAuthentication {
  const used = new Map<Kind, string>();
  let users: PlannedUsers = { userIdType: 'username', users: [] };
  const chain: PlannedAuthenticator[] = [];
  const unprovenUsernames: string[] = [];
  authenticators.forEach((args, index) => {
    const own = `${path}[${index}]`;
    const kind = kindOf(args, own, problems);
    if (kind === undefined) return;
    const former = used.get(kind);
    if (former !== undefined) {
      problems.add(`${own}.${kind}`, `is given in ${former} already; EMQX takes one of a kind`);
      return;
    }
    used.set(kind, own);
    if (kind === 'users') users = planUsers(args.users ?? {}, args.userIdType ?? 'username', own, problems);
    const planned = planOne(args, own, problems);
    chain.push(...planned);
    if (planned.some(({ provesUsername }) => !provesUsername)) unprovenUsernames.push(`${own}.${kind}`);
  });
  // Also where no users are given: with it the chain is never empty, and a link that EMQX cannot make opens no door.
  if (!used.has('users')) chain.push(builtInDatabase('username'));
  return {
    chain: chain.map(({ settings }) => settings),
    files: chain.flatMap(({ files }) => files),
    reaches: chain.flatMap(({ reaches }) => reaches),
    users,
    certificateIsEnough: used.has('clientCertificate'),
    unprovenUsernames,
  };
}

function kindOf(args: AuthenticatorArgs, path: string, problems: Problems): Kind | undefined {
  const given = kinds.filter((kind) => args[kind] !== undefined && args[kind] !== false);
  const [kind] = given;
  if (given.length !== 1 || kind === undefined) {
    problems.add(
      path,
      `has ${given.length === 0 ? 'none' : given.join(' and ')} of ${kinds.join(', ')}; give one, and a further element of the list for each other`,
    );
    return undefined;
  }
  if (args.userIdType === 'clientid' && kind !== 'users')
    problems.add(`${path}.userIdType`, 'is for users; leave it out');
  return kind;
}

function planOne(args: AuthenticatorArgs, path: string, problems: Problems): readonly PlannedAuthenticator[] {
  if (args.users !== undefined) return [builtInDatabase(args.userIdType ?? 'username')];
  if (args.jwt !== undefined) return [planJwt(args.jwt, `${path}.jwt`, problems)];
  if (args.http !== undefined) return [planHttpAuthentication(args.http, `${path}.http`, problems)];
  if (args.postgresql !== undefined)
    return [planSql('postgresql', args.postgresql, `${path}.postgresql`, problems)];
  if (args.mysql !== undefined) return [planSql('mysql', args.mysql, `${path}.mysql`, problems)];
  if (args.redis !== undefined) return [planRedis(args.redis, `${path}.redis`, problems)];
  if (args.ldap !== undefined) return [planLdap(args.ldap, `${path}.ldap`, problems)];
  // A certificate is judged by the balancer, before EMQX is reached.
  return [];
}

function builtInDatabase(userIdType: 'username' | 'clientid'): PlannedAuthenticator {
  return {
    settings: { mechanism: 'password_based', backend: 'built_in_database', user_id_type: userIdType },
    files: [],
    reaches: [],
    provesUsername: userIdType === 'username',
  };
}
