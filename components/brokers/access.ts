import type { AuthenticationKind, Listener } from '../listeners/listener';
import type { Problems } from '../rendering/problems';
import type { PlannedAuthentication } from './authentication';
import type { AuthorizationArgs, PlannedAuthorization } from './authorization';
import { goesByUsername } from './authorization';
import type { Access } from './chains';
import { accessOf, askedBy, checkChains, namesByCertificate } from './chains';

/** What is promised of a cluster's access, for `verify` to prove; no secret. */
export interface AccessPromise {
  /** How each listener finds out who a client is. */
  readonly listeners: Readonly<Record<string, Access>>;
  /** By what each listener's clients are asked, as `emqx.authentication` names it, in order. */
  readonly asks: Readonly<Record<string, readonly AuthenticationKind[]>>;
  /** What clients may do: the first rule that matches decides. */
  readonly authorization: PlannedAuthorization;
  /** What of a client the names of the built-in database's users are compared with. */
  readonly userIdType: 'username' | 'clientid';
  /** Users for whom no rule counts. */
  readonly superusers: readonly string[];
}

export function promisedAccess(
  listeners: readonly Listener[],
  {
    authentication,
    authorization,
  }: { readonly authentication: PlannedAuthentication; readonly authorization: PlannedAuthorization },
): AccessPromise {
  const { users, userIdType } = authentication.users;
  const byName = <T>(of: (listener: Listener) => T) =>
    Object.fromEntries(listeners.map((listener) => [listener.name, of(listener)]));
  return {
    userIdType,
    listeners: byName((listener) => accessOf(listener, authentication.kinds)),
    asks: byName((listener) => askedBy(listener, authentication.kinds)),
    authorization,
    superusers: users.filter(({ isSuperuser }) => isSuperuser).map(({ name }) => name),
  };
}

/** Whether no client can connect, unless somebody makes users in the dashboard. */
export function namesNobody({ users }: PlannedAuthentication, { listeners, asks }: AccessPromise): boolean {
  const asksAll = Object.values(listeners).every((access) => access === 'chain');
  const asksUsers = Object.values(asks).every((kinds) => kinds.every((kind) => kind === 'users'));
  return asksAll && asksUsers && users.users.length === 0;
}

/**
 * Whether listeners, authenticators and rules fit each other: nobody is let in who was not named, unless `anonymous`
 * stands on the listener, and nobody has another's rights. What is wrong goes to `problems`.
 */
export function checkAccess(
  listeners: readonly Listener[],
  {
    authentication,
    authorization,
  }: { readonly authentication: PlannedAuthentication; readonly authorization: PlannedAuthorization },
  given: AuthorizationArgs | undefined,
  problems: Problems,
): void {
  const anonymous = listeners.filter((listener) => listener.anonymous === true);
  for (const { name, clientCertificates } of anonymous)
    if ((clientCertificates?.identity ?? 'none') !== 'none')
      problems.add(
        `listeners.${name}.anonymous`,
        'is true where clientCertificates.identity takes the name from the certificate; leave one of the two out',
      );
  checkAnonymousRules(anonymous, authorization, problems);
  checkChains(listeners, authentication.kinds, problems);
  checkCertificates(listeners, authentication, authorization, problems);
  const { users } = authentication.users;
  if (
    given?.rules === undefined &&
    authorization.noMatch === 'deny' &&
    users.some(({ isSuperuser }) => !isSuperuser)
  )
    problems.add(
      'emqx.authorization.rules',
      'is missing, so the users of emqx.authentication could do nothing; give rules, such as {permission: allow, topics: ["${username}/#"]}, or [] to leave it so',
    );
  const byUsername = authorization.rules.findIndex(
    (rule) => rule.who.anonymous !== true && goesByUsername(rule),
  );
  if (byUsername < 0) return;
  for (const path of authentication.unprovenUsernames)
    problems.add(
      path,
      `lets a client choose its user name, and emqx.authorization.rules[${byUsername}] goes by it: ${unproven(path)}`,
    );
}

function unproven(path: string): string {
  return path.endsWith('.jwt')
    ? 'bind a claim to it, such as verifyClaims {"sub": "${username}"}, or let the rule go by the client id'
    : 'set userIdType to username, or let the rule go by the client id';
}

function checkAnonymousRules(
  listeners: readonly Listener[],
  { rules }: PlannedAuthorization,
  problems: Problems,
): void {
  const index = rules.findIndex(({ who }) => who.anonymous === true);
  if (index >= 0 && listeners.length === 0)
    problems.add(
      `emqx.authorization.rules[${index}].who.anonymous`,
      'is true, and no listener lets anonymous clients in; set anonymous: true on a listener, or leave the rule out',
    );
  for (const { name } of index < 0 ? listeners : [])
    problems.add(
      `listeners.${name}.anonymous`,
      'is true, and no rule is for anonymous clients, so they could do nothing; give a rule with who: {anonymous: true} in emqx.authorization.rules',
    );
}

function checkCertificates(
  listeners: readonly Listener[],
  { kinds }: PlannedAuthentication,
  { rules }: PlannedAuthorization,
  problems: Problems,
): void {
  if (!kinds.includes('clientCertificate')) return;
  if (listeners.every((listener) => namesByCertificate(listener) === 'none'))
    problems.add(
      'emqx.authentication',
      'has clientCertificate, and no listener takes a name from certificates; set clientCertificates {verify: required, identity: username} on mqtts or wss',
    );
  const byUsername = rules.findIndex((rule) => rule.who.anonymous !== true && goesByUsername(rule));
  for (const listener of listeners)
    if (
      accessOf(listener, kinds) === 'certificate' &&
      namesByCertificate(listener) === 'clientid' &&
      byUsername >= 0
    )
      problems.add(
        `listeners.${listener.name}.clientCertificates.identity`,
        `is clientid, so a client may choose its user name, and emqx.authorization.rules[${byUsername}] goes by it; set identity to username, or let the rule go by the client id`,
      );
}
