import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** EMQX refuses others. One that is known later is judged by EMQX on the first broker. */
export function checkDashboardPassword(
  password: pulumi.Input<string> | undefined,
  path: string,
  problems: Problems,
): void {
  if (typeof password !== 'string') return;
  const kinds = [/[a-zA-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password)).length;
  if (password.length < 8 || password.length > 64 || kinds < 2 || /\p{Cc}/u.test(password))
    problems.add(
      path,
      'is no password that EMQX takes; 8 to 64 characters of at least two kinds of letters, digits and others are allowed',
    );
}
