import type { AuthenticationKind, Listener } from '../listeners/listener';
import { authenticationKinds } from '../listeners/listener';
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
import type { Chains, Link } from './chains';
import { planChains } from './chains';
import type { PlannedUsers, UserArgs } from './users';
import { planUsers } from './users';

/**
 * One way for clients to prove who they are; just one of its keys is given. EMQX asks one after the other: who is
 * unknown to one is asked of the next, who is known there and wrong is refused, and who is unknown to all is refused.
 * A listener may have its clients asked by some of them: its `authentication`.
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
  /** What is given, in its order. */
  readonly kinds: readonly AuthenticationKind[];
  /** What a link of a chain is to EMQX, but for what is secret. */
  readonly links: Readonly<Partial<Record<Link, AuthenticatorSettings>>>;
  readonly chains: Chains;
  readonly files: readonly ServerFile[];
  readonly reaches: readonly ServerPort[];
  readonly users: PlannedUsers;
  /** Where in the arguments somebody is let in who may claim any user name; empty where nobody is. */
  readonly unprovenUsernames: readonly string[];
}

type Kind = AuthenticationKind & keyof AuthenticatorArgs;

const kinds: readonly Kind[] = authenticationKinds;

/** Decides whom EMQX asks on each listener; what is wrong with the arguments goes to `problems` under `path`. */
export function planAuthentication(
  authenticators: readonly AuthenticatorArgs[],
  listeners: readonly Listener[],
  path: string,
  problems: Problems,
): PlannedAuthentication {
  const used = new Map<Kind, string>();
  let users: PlannedUsers = { userIdType: 'username', users: [] };
  // Also where no users are given: no chain is without it.
  const links = new Map<Link, PlannedAuthenticator>([['users', builtInDatabase('username')]]);
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
    // A certificate is judged by the balancer, before EMQX is reached.
    if (planned === undefined || kind === 'clientCertificate') return;
    links.set(kind, planned);
    if (!planned.provesUsername) unprovenUsernames.push(`${own}.${kind}`);
  });
  const given = [...used.keys()];
  const all = [...links.values()];
  return {
    kinds: given,
    links: Object.fromEntries([...links].map(([kind, { settings }]) => [kind, settings])),
    chains: planChains(listeners, given),
    files: all.flatMap(({ files }) => files),
    reaches: all.flatMap(({ reaches }) => reaches),
    users,
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

function planOne(
  args: AuthenticatorArgs,
  path: string,
  problems: Problems,
): PlannedAuthenticator | undefined {
  if (args.users !== undefined) return builtInDatabase(args.userIdType ?? 'username');
  if (args.jwt !== undefined) return planJwt(args.jwt, `${path}.jwt`, problems);
  if (args.http !== undefined) return planHttpAuthentication(args.http, `${path}.http`, problems);
  if (args.postgresql !== undefined)
    return planSql('postgresql', args.postgresql, `${path}.postgresql`, problems);
  if (args.mysql !== undefined) return planSql('mysql', args.mysql, `${path}.mysql`, problems);
  if (args.redis !== undefined) return planRedis(args.redis, `${path}.redis`, problems);
  if (args.ldap !== undefined) return planLdap(args.ldap, `${path}.ldap`, problems);
  return undefined;
}

/** What EMQX is told of a chain. */
export function settingsOf(
  { links }: Pick<PlannedAuthentication, 'links'>,
  chain: readonly Link[],
): readonly AuthenticatorSettings[] {
  return chain.flatMap((kind) => links[kind] ?? []);
}

function builtInDatabase(userIdType: 'username' | 'clientid'): PlannedAuthenticator {
  return {
    settings: { mechanism: 'password_based', backend: 'built_in_database', user_id_type: userIdType },
    files: [],
    reaches: [],
    provesUsername: userIdType === 'username',
  };
}
