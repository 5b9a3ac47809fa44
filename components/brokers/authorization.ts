import { parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';

/** What clients may do that were let in. */
export interface AuthorizationArgs {
  /** The first that matches decides. @default none; needed where `emqx.authentication` has users */
  rules?: AuthorizationRuleArgs[];
  /** What holds where no rule matches: `deny`, or `allow`, which never is for anonymous clients. @default `deny` */
  noMatch?: 'deny' | 'allow';
  /** What a client sees of a denial: `ignore` (a reason code in the acknowledgement) or `disconnect`. @default `ignore` */
  denyAction?: 'ignore' | 'disconnect';
}

/** One rule. */
export interface AuthorizationRuleArgs {
  /** `allow` or `deny`. */
  permission: 'allow' | 'deny';
  /** Whom it is for. @default every client that proved who it is */
  who?: WhoArgs;
  /** `publish`, `subscribe` or `all`. @default `all` */
  action?: 'publish' | 'subscribe' | 'all';
  /**
   * Topics and filters. `${username}` and `${clientid}` stand for the client's own. `#` does not match `$SYS/...`;
   * `eq a/#` is that very filter and no topic below it.
   */
  topics: string[];
}

/** Clients; all that is given must hold. */
export interface WhoArgs {
  /** The user name. @default any */
  user?: string;
  /** The client id, which clients choose unless the certificate or the database names them by it. @default any */
  clientId?: string;
  /** IPv4 ranges, one of which the client comes from; needs `proxyProtocol`. @default any */
  cidrs?: string[];
  /** True: the clients of listeners with `anonymous: true`, for which no other rule holds. @default false */
  anonymous?: boolean;
}

/** Rules with everything decided. */
export interface PlannedAuthorization {
  /** The rules in their order. */
  readonly rules: readonly PlannedRule[];
  /** What holds where no rule matches. */
  readonly noMatch: 'deny' | 'allow';
  /** What a client sees of a denial. */
  readonly denyAction: 'ignore' | 'disconnect';
}

/** One rule. */
export interface PlannedRule {
  /** What it says. */
  readonly permission: 'allow' | 'deny';
  /** Whom it is for. */
  readonly who: WhoArgs;
  /** What it is about. */
  readonly action: 'publish' | 'subscribe' | 'all';
  /** Its topics and filters. */
  readonly topics: readonly string[];
}

/** Applies the defaults and checks every rule; what is wrong goes to `problems` under `path`. */
export function planAuthorization(
  args: AuthorizationArgs,
  path: string,
  problems: Problems,
): PlannedAuthorization {
  const { noMatch = 'deny', denyAction = 'ignore' } = args;
  problems.oneOf(`${path}.noMatch`, noMatch, ['deny', 'allow']);
  problems.oneOf(`${path}.denyAction`, denyAction, ['ignore', 'disconnect']);
  const rules = (args.rules ?? []).map((rule, index) => planRule(rule, `${path}.rules[${index}]`, problems));
  return { rules, noMatch, denyAction };
}

/** Whether a rule goes by the client's user name. */
export function goesByUsername({ who, topics }: PlannedRule): boolean {
  return who.user !== undefined || topics.some((topic) => topic.includes('${username}'));
}

function planRule(args: AuthorizationRuleArgs, path: string, problems: Problems): PlannedRule {
  const { permission, who = {}, action = 'all', topics } = args;
  problems.oneOf(`${path}.permission`, permission, ['allow', 'deny']);
  problems.oneOf(`${path}.action`, action, ['publish', 'subscribe', 'all']);
  if (topics.length === 0)
    problems.add(`${path}.topics`, 'is empty, so the rule matches nothing; give at least one');
  topics.forEach((topic, index) => checkTopic(topic, `${path}.topics[${index}]`, problems));
  checkText(who.user, `${path}.who.user`, problems);
  checkText(who.clientId, `${path}.who.clientId`, problems);
  (who.cidrs ?? []).forEach((cidr, index) => {
    if (parseCidr(cidr) === undefined)
      problems.add(
        `${path}.who.cidrs[${index}]`,
        `is ${JSON.stringify(cidr)}; a range such as 10.0.0.0/8, without host bits, is allowed`,
      );
  });
  if (who.cidrs?.length === 0)
    problems.add(`${path}.who.cidrs`, 'is empty, so the rule matches nobody; give a range, or leave it out');
  const rule: PlannedRule = { permission, who, action, topics };
  if (who.anonymous === true && goesByUsername(rule))
    problems.add(
      path,
      'is for anonymous clients and goes by the user name, which each of them may choose; leave user and ${username} out',
    );
  return rule;
}

/** A text in the file of rules, where a quote or a backslash would end it. */
function checkText(text: string | undefined, path: string, problems: Problems): void {
  if (text === undefined || /^[^"\\\p{Cc}]{1,512}$/u.test(text)) return;
  problems.add(
    path,
    `is ${JSON.stringify(text)}; 1 to 512 characters, without quotes, backslashes and control characters, are allowed`,
  );
}

function checkTopic(topic: string, path: string, problems: Problems): void {
  checkText(topic, path, problems);
  const filter = topic.replace(/^eq /, '');
  const levels = filter.split('/');
  const wildcards = levels.every(
    (level, index) => level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
  );
  if (filter === '' || !wildcards)
    problems.add(path, `is ${JSON.stringify(topic)}; # is allowed as the last level, + as a whole level`);
  const unknown = [...filter.matchAll(/\$\{([^}]*)\}?/g)].find(
    ([whole, name]) => !whole.endsWith('}') || !['username', 'clientid'].includes(name ?? ''),
  );
  if (unknown !== undefined)
    problems.add(path, `has ${unknown[0]}; \${username} and \${clientid} are allowed`);
}
