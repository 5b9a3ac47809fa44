import type { PlannedAuthorization, PlannedRule } from './authorization';

/** The zone of anonymous clients, which their attribute of the same name tells the rules. */
export const anonymousZone = 'anonymous';

/**
 * acl.conf: Erlang terms, the first that matches decides. Rules know a client's name and address but not its listener;
 * that an anonymous client comes from one is told by an attribute, which its zone gives it.
 */
export function aclFile({ rules, noMatch }: PlannedAuthorization, hasAnonymous: boolean): string {
  const isAnonymous = ({ who }: PlannedRule) => who.anonymous === true;
  return [
    '%% Made by emqx-haproxy; the first rule that matches decides.\n',
    ...rules.filter(isAnonymous).map(term),
    // A name that nobody proved is worth nothing: the rules below are for others.
    ...(hasAnonymous ? [`{deny, ${anonymous}, all, all}.\n`] : []),
    ...rules.filter((rule) => !isAnonymous(rule)).map(term),
    `{${noMatch}, all}.\n`,
  ].join('');
}

const anonymous = `{client_attr, "zone", "${anonymousZone}"}`;

function term({ permission, who, action, topics }: PlannedRule): string {
  return `{${permission}, ${whoTerm(who)}, ${action}, [${topics.map(text).join(', ')}]}.\n`;
}

function whoTerm({ user, clientId, cidrs, anonymous: isAnonymous }: PlannedRule['who']): string {
  const conditions = [
    ...(isAnonymous === true ? [anonymous] : []),
    ...(user === undefined ? [] : [`{username, ${text(user)}}`]),
    ...(clientId === undefined ? [] : [`{clientid, ${text(clientId)}}`]),
    ...(cidrs === undefined ? [] : [`{ipaddrs, [${cidrs.map(text).join(', ')}]}`]),
  ];
  const [only] = conditions;
  if (only === undefined) return 'all';
  return conditions.length === 1 ? only : `{'and', [${conditions.join(', ')}]}`;
}

function text(value: string): string {
  if (/["\\\p{Cc}]/u.test(value)) throw new Error(`acl.conf: ${JSON.stringify(value)} cannot stand in it`);
  return `"${value}"`;
}
