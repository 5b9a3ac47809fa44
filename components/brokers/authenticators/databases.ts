import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../../rendering/problems';
import type { HoconObject } from '../hocon';
import type { PlannedAuthenticator } from './authenticator';
import type { PasswordHashArgs } from './passwordHash';
import { planPasswordHash } from './passwordHash';
import type { ServerArgs } from './server';
import { planAddress, planServer } from './server';

/** A table of users in PostgreSQL. */
export interface PostgresqlAuthenticationArgs extends SqlAuthenticationArgs {
  /** `HOST` or `HOST:PORT`, 5432 by default. */
  server: string;
}

/** A table of users in MySQL. */
export interface MysqlAuthenticationArgs extends SqlAuthenticationArgs {
  /** `HOST` or `HOST:PORT`, 3306 by default. */
  server: string;
}

/** A table of users in a database. */
export interface SqlAuthenticationArgs extends ServerArgs {
  /** The database's name. */
  database: string;
  /** Whom the brokers log in as. */
  username: string;
  /** Its password. @secret @default none */
  password?: pulumi.Input<string>;
  /**
   * The query for a client's row, with the columns `password_hash`, and `salt` and `is_superuser` where there are
   * such. Placeholders such as `${username}` and `${clientid}` become parameters.
   * @default the table `mqtt_user` by `username`
   */
  query?: string;
  /** How the passwords there are hashed. @default SHA-256 with the salt before */
  passwordHash?: PasswordHashArgs;
}

/** Users in Redis. */
export interface RedisAuthenticationArgs extends ServerArgs {
  /** `HOST` or `HOST:PORT`, 6379 by default; of each node for a cluster, of each sentinel for sentinels. */
  servers: string[];
  /** `single`, `cluster`, or `sentinel`. @default `single` */
  type?: 'single' | 'cluster' | 'sentinel';
  /** sentinel: the name of the master. @default none */
  sentinel?: string;
  /** The database's number, 0 to 1000; not for a cluster. @default 0 */
  database?: number;
  /** Whom the brokers log in as. @default Redis's own default user */
  username?: string;
  /** Its password. @secret @default none */
  password?: pulumi.Input<string>;
  /** The command for a client's fields. @default `HMGET mqtt_user:${username} password_hash salt is_superuser` */
  command?: string;
  /** How the passwords there are hashed. @default SHA-256 with the salt before */
  passwordHash?: PasswordHashArgs;
}

const defaultQuery =
  'SELECT password_hash, salt, is_superuser FROM mqtt_user WHERE username = ${username} LIMIT 1';

export function planSql(
  kind: 'postgresql' | 'mysql',
  args: SqlAuthenticationArgs & { readonly server: string },
  path: string,
  problems: Problems,
): PlannedAuthenticator {
  const address = planAddress(args.server, kind === 'mysql' ? 3306 : 5432, `${path}.server`, problems);
  const query = args.query ?? defaultQuery;
  if (!/^\s*select\b[^]*\bpassword_hash\b/i.test(query))
    problems.add(
      `${path}.query`,
      `is ${JSON.stringify(query)}; a SELECT with the column password_hash is allowed`,
    );
  return planDatabase(
    kind,
    args,
    { server: address.text, database: args.database, query },
    [address.port],
    path,
    problems,
  );
}

export function planRedis(
  args: RedisAuthenticationArgs,
  path: string,
  problems: Problems,
): PlannedAuthenticator {
  const type = args.type ?? 'single';
  problems.oneOf(`${path}.type`, type, ['single', 'cluster', 'sentinel']);
  const addresses = args.servers.map((server, index) =>
    planAddress(server, type === 'sentinel' ? 26_379 : 6379, `${path}.servers[${index}]`, problems),
  );
  if (addresses.length === 0 || (type === 'single' && addresses.length > 1))
    problems.add(
      `${path}.servers`,
      `has ${addresses.length}; ${type === 'single' ? 'one' : 'at least one'} is allowed with type ${type}`,
    );
  if ((type === 'sentinel') !== (args.sentinel !== undefined))
    problems.add(`${path}.sentinel`, 'is for type sentinel, and needed there: the name of the master');
  const database = args.database ?? 0;
  problems.wholeNumber(`${path}.database`, database, 0, 1000);
  if (type === 'cluster' && database !== 0)
    problems.add(`${path}.database`, 'is not for a cluster, which has database 0 only; leave it out');
  const command = args.command ?? 'HMGET mqtt_user:${username} password_hash salt is_superuser';
  if (!/^(HMGET\s+\S+\s+.*\bpassword_hash\b|HGETALL\s+\S+\s*$|HGET\s+\S+\s+password_hash\s*$)/i.test(command))
    problems.add(
      `${path}.command`,
      `is ${JSON.stringify(command)}; HMGET or HGET with the field password_hash, or HGETALL, is allowed`,
    );
  const servers = addresses.map(({ text }) => text).join(',');
  const ports = [...new Set(addresses.map(({ port }) => port))];
  return planDatabase(
    'redis',
    args,
    {
      redis_type: type,
      ...(type === 'single' ? { server: servers } : { servers }),
      ...(args.sentinel === undefined ? {} : { sentinel: args.sentinel }),
      ...(type === 'cluster' ? {} : { database }),
      cmd: command,
    },
    // A sentinel names the master, which has a port of its own.
    type === 'sentinel' ? [...ports, 6379] : ports,
    path,
    problems,
  );
}

function planDatabase(
  backend: string,
  args: SqlAuthenticationArgs | RedisAuthenticationArgs,
  own: HoconObject,
  ports: readonly number[],
  path: string,
  problems: Problems,
): PlannedAuthenticator {
  const server = planServer(args, backend, path, problems);
  return {
    settings: {
      mechanism: 'password_based',
      backend,
      ...own,
      ...(args.username === undefined ? {} : { username: args.username }),
      password_hash_algorithm: planPasswordHash(args.passwordHash ?? {}, `${path}.passwordHash`, problems),
      ...server.settings,
    },
    files: server.files,
    reaches: ports.map((port) => ({ port, cidrs: server.cidrs })),
    provesUsername: true,
  };
}
