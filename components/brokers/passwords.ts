import * as pulumi from '@pulumi/pulumi';
import { secretOr } from '../host/generatedSecret';
import type { AuthenticatorArgs } from './authentication';
import type { PlannedUsers, User } from './users';

/** The users with their passwords, random ones where none was given. */
export function usersWithPasswords(
  { users }: PlannedUsers,
  authenticators: readonly AuthenticatorArgs[],
  name: string,
  parent: pulumi.Resource,
): pulumi.Output<readonly User[]> {
  const given = authenticators.find((args) => args.users !== undefined)?.users ?? {};
  return pulumi.secret(
    pulumi.all(
      users.map((user) =>
        secretOr(given[user.name]?.password, `${name}-user-${user.name}`, 24, parent).apply((password) => ({
          username: user.name,
          password,
          isSuperuser: user.isSuperuser,
        })),
      ),
    ),
  );
}
