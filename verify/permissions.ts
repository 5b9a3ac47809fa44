import type { Outputs } from './outputs';

type Rule = Outputs['access']['authorization']['rules'][number];

/** Who a client is, by what a listener found out. */
export interface Identity {
  /** Undefined: nobody proved a name. */
  readonly username: string | undefined;
}

export type Action = 'publish' | 'subscribe';

/** Whether the rules let a client do something with a topic or filter; `undefined` where it hangs on its address or id. */
export function permits(
  access: Outputs['access'],
  { username }: Identity,
  action: Action,
  topic: string,
): boolean | undefined {
  if (username !== undefined && access.superusers.includes(username)) return true;
  const { rules, noMatch } = access.authorization;
  for (const rule of rules) {
    if ((rule.who.anonymous === true) !== (username === undefined)) continue;
    if (rule.who.user !== undefined && rule.who.user !== username) continue;
    if (rule.action !== 'all' && rule.action !== action) continue;
    if (!rule.topics.some((filter) => matches(filled(filter, username), topic))) continue;
    if (hangsOnMore(rule)) return undefined;
    return rule.permission === 'allow';
  }
  return username !== undefined && noMatch === 'allow';
}

/** A topic that a client may publish to and subscribe to, with `suffix` where the rules leave room for it. */
export function allowedTopic(
  access: Outputs['access'],
  identity: Identity,
  suffix: string,
): string | undefined {
  const filters = [...access.authorization.rules.flatMap(({ topics }) => topics), '#'];
  return filters
    .map((filter) => filled(filter, identity.username).replace(/^eq /, ''))
    .map((filter) => filter.replaceAll('+', suffix.replaceAll('/', '-')).replace(/#$/, suffix))
    .find((topic) => mayBoth(access, identity, topic));
}

/** A topic that a client may neither publish to nor subscribe to; undefined where it may do everything. */
export function forbiddenTopic(
  access: Outputs['access'],
  identity: Identity,
  suffix: string,
): string | undefined {
  return [`emqx-haproxy/forbidden/${suffix}`, `$emqx-haproxy/${suffix}`].find((topic) =>
    (['publish', 'subscribe'] as const).every((action) => permits(access, identity, action, topic) === false),
  );
}

function mayBoth(access: Outputs['access'], identity: Identity, topic: string): boolean {
  return (['publish', 'subscribe'] as const).every(
    (action) => permits(access, identity, action, topic) === true,
  );
}

function hangsOnMore({ who, topics }: Rule): boolean {
  return (
    who.cidrs !== undefined || who.clientId !== undefined || topics.some((t) => t.includes('${clientid}'))
  );
}

function filled(filter: string, username: string | undefined): string {
  return username === undefined ? filter : filter.replaceAll('${username}', username);
}

/** As MQTT has it: wildcards at the first level leave topics that begin with $ alone. */
function matches(filter: string, topic: string): boolean {
  if (filter.startsWith('eq ')) return filter.slice(3) === topic;
  const pattern = filter.replaceAll('${clientid}', '+').split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (pattern[0] === '+' || pattern[0] === '#')) return false;
  const multi = pattern.at(-1) === '#';
  const head = multi ? pattern.slice(0, -1) : pattern;
  if (multi ? levels.length < head.length : levels.length !== head.length) return false;
  return head.every((level, index) => level === '+' || level === levels[index]);
}
