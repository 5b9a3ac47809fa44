import * as pulumi from '@pulumi/pulumi';
import { secretOr } from '../host/generatedSecret';
import type { PlannedUsers, User } from './users';

/** The users with their passwords, random ones where none was given. */
export function usersWithPasswords(
  { users }: PlannedUsers,
  name: string,
  parent: pulumi.Resource,
): pulumi.Output<readonly User[]> {
  return pulumi.secret(
    pulumi.all(
      users.map((user) =>
        secretOr(user.password, `${name}-user-${user.name}`, 24, parent).apply((password) => ({
          username: user.name,
          password,
          isSuperuser: user.isSuperuser,
        })),
      ),
    ),
  );
}
