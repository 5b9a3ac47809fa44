import type { Problems } from '../rendering/problems';
import type { ListenerArgs } from './arguments';
import type { AuthenticationKind, Listener } from './listener';
import { authenticationKinds } from './listener';

/** By what a listener's clients are asked; whether that is given for the brokers is for them to say. */
export function planAuthenticationOf(
  { authentication, anonymous }: ListenerArgs,
  path: string,
  problems: Problems,
): Pick<Listener, 'authentication' | 'anonymous'> {
  const isAnonymous = anonymous === true ? { anonymous } : {};
  if (authentication === undefined) return isAnonymous;
  const at = `${path}.authentication`;
  if (authentication.length > 0 && anonymous === true)
    problems.add(at, 'is given where anonymous is true, so nobody would be asked; leave one of the two out');
  if (authentication.length === 0 && anonymous !== true)
    problems.add(
      at,
      'is empty, so no client could connect; name kinds of emqx.authentication, leave it out for all of them, or set anonymous: true',
    );
  const seen = new Set<AuthenticationKind>();
  authentication.forEach((kind, index) => {
    problems.oneOf(`${at}[${index}]`, kind, authenticationKinds);
    if (seen.has(kind)) problems.add(`${at}[${index}]`, `is ${kind}, which stands before it already`);
    seen.add(kind);
  });
  return authentication.length === 0 ? isAnonymous : { ...isAnonymous, authentication };
}
