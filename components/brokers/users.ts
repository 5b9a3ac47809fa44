import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** One user of EMQX's built-in database. */
export interface UserArgs {
  /** Its password. @secret @default 24 random characters, in the stack output `users` */
  password?: pulumi.Input<string>;
  /** True lets it do everything, whatever the rules say. @default false */
  isSuperuser?: boolean;
}

/** Users of the built-in database, as they are to be. */
export interface PlannedUsers {
  /** What of a client its name is compared with. */
  readonly userIdType: 'username' | 'clientid';
  readonly users: readonly PlannedUser[];
}

export interface PlannedUser {
  readonly name: string;
  readonly isSuperuser: boolean;
}

/** A user with its password; the whole is a secret. */
export interface User {
  /** The user name, or the client id where that is who a client is. */
  readonly username: string;
  /** In plain text; only outputs that are secret have it. */
  readonly password: string;
  /** Whether no rule holds for it. */
  readonly isSuperuser: boolean;
}

/**
 * A name stands in topics of rules, where a wildcard or a slash would widen what it may; and in a JSON body and the path
 * of a URL.
 */
const namePattern = /^[A-Za-z0-9._~@=:-]{1,128}$/;

export function planUsers(
  users: Readonly<Record<string, UserArgs>>,
  userIdType: string,
  path: string,
  problems: Problems,
): PlannedUsers {
  problems.oneOf(`${path}.userIdType`, userIdType, ['username', 'clientid']);
  const planned = Object.entries(users).map(([name, { password, isSuperuser }]): PlannedUser => {
    if (!namePattern.test(name))
      problems.add(
        `${path}.users`,
        `has the name ${JSON.stringify(name)}; 1 to 128 letters, digits and ._~@=:- are allowed`,
      );
    if (typeof password === 'string' && !/^[^\p{Cc}]{8,256}$/u.test(password))
      problems.add(
        `${path}.users.${name}.password`,
        'has control characters, or fewer than 8 characters or more than 256; give another, or none for a random one',
      );
    return { name, isSuperuser: isSuperuser ?? false };
  });
  return { userIdType: userIdType === 'clientid' ? 'clientid' : 'username', users: planned };
}

/** What a broker's own program makes of the built-in database: a JSON text, which holds the passwords. */
export function usersFile(userIdType: string, users: readonly User[]): string {
  const told = users.map(({ username, password, isSuperuser }) => ({
    user_id: username,
    password,
    is_superuser: isSuperuser,
  }));
  return `${JSON.stringify({ userIdType, users: told }, null, 2)}\n`;
}
