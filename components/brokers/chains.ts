import type { AuthenticationKind, Listener } from '../listeners/listener';
import type { Problems } from '../rendering/problems';

/** How a broker listener finds out who a client is. */
export type Access =
  /** EMQX asks a chain. */
  | 'chain'
  /** The balancer has: it demanded a certificate, and its name is the client's. */
  | 'certificate'
  /** Not at all. */
  | 'anonymous';

/** A link of one of EMQX's chains. */
export type Link = Exclude<AuthenticationKind, 'clientCertificate'>;

/** Whom EMQX asks; none is empty, since an empty one lets everybody in, or leaves it to the brokers'. */
export interface Chains {
  /** The brokers' own, for all listeners that have none: the only one whose users can be told to EMQX. */
  readonly common: readonly Link[];
  /** By the listener's name; it takes the place of the brokers'. */
  readonly own: Readonly<Record<string, readonly Link[]>>;
}

export function accessOf(listener: Listener, kinds: readonly AuthenticationKind[]): Access {
  if (listener.anonymous === true) return 'anonymous';
  return listed(listener, kinds).includes('clientCertificate') && namesByCertificate(listener) !== 'none'
    ? 'certificate'
    : 'chain';
}

/** By what a listener's clients are really asked. */
export function askedBy(
  listener: Listener,
  kinds: readonly AuthenticationKind[],
): readonly AuthenticationKind[] {
  switch (accessOf(listener, kinds)) {
    case 'anonymous':
      return [];
    case 'certificate':
      return ['clientCertificate'];
    case 'chain':
      return linksOf(listener, kinds);
  }
}

export function planChains(listeners: readonly Listener[], kinds: readonly AuthenticationKind[]): Chains {
  const asking = listeners.filter((listener) => accessOf(listener, kinds) === 'chain');
  const lists = asking.map((listener) => linksOf(listener, kinds));
  const common = lists.find((list) => list.includes('users')) ?? kinds.filter(isLink);
  const own = asking.flatMap((listener): [string, readonly Link[]][] => {
    const list = linksOf(listener, kinds);
    return same(list, common) ? [] : [[listener.name, closed(list)]];
  });
  return { common: closed(common), own: Object.fromEntries(own) };
}

/**
 * Also without users the built-in database is asked, last: a link that EMQX cannot make opens no door then. In a
 * listener's own chain nobody is in it, since EMQX keeps each chain's users apart.
 */
function closed(list: readonly Link[]): readonly Link[] {
  return list.includes('users') ? list : [...list, 'users'];
}

/** Whether listeners name what there is; what is wrong goes to `problems`. */
export function checkChains(
  listeners: readonly Listener[],
  kinds: readonly AuthenticationKind[],
  problems: Problems,
): void {
  for (const listener of listeners) checkList(listener, kinds, problems);
  const asking = listeners.filter(
    (listener) => accessOf(listener, kinds) === 'chain' && linksOf(listener, kinds).includes('users'),
  );
  const [first] = asking;
  const other = asking.find(
    (listener) => first !== undefined && !same(linksOf(listener, kinds), linksOf(first, kinds)),
  );
  if (first !== undefined && other !== undefined) {
    const [told, beside] = other.authentication === undefined ? [first, other] : [other, first];
    problems.add(
      `listeners.${told.name}.authentication`,
      `asks by ${linksOf(told, kinds).join(', ')}, and listeners.${beside.name} by ${linksOf(beside, kinds).join(', ')}: EMQX's database of users belongs to one chain; let all listeners that ask users ask by the same, in the same order`,
    );
  }
  if (listeners.every(({ authentication }) => authentication === undefined)) return;
  for (const kind of kinds)
    if (!listeners.some((listener) => listener.anonymous !== true && listed(listener, kinds).includes(kind)))
      problems.add(
        'emqx.authentication',
        `has ${kind}, and no listener asks by it; name it in \`authentication\` of a listener, or leave it out`,
      );
}

function checkList(listener: Listener, kinds: readonly AuthenticationKind[], problems: Problems): void {
  const { name, authentication = [] } = listener;
  authentication.forEach((kind, index) => {
    const path = `listeners.${name}.authentication[${index}]`;
    if (!kinds.includes(kind))
      problems.add(
        path,
        `is ${kind}, and emqx.authentication has ${kinds.length === 0 ? 'nothing' : `${kinds.join(', ')} only`}; give it there, or leave it out here`,
      );
    else if (kind === 'clientCertificate' && namesByCertificate(listener) === 'none')
      problems.add(
        path,
        'is clientCertificate, and this listener takes no name from certificates; set clientCertificates {verify: required, identity: username}, or leave it out',
      );
    else if (kind !== 'clientCertificate' && accessOf(listener, kinds) === 'certificate')
      problems.add(
        path,
        `is ${kind}, by which nobody would be asked: with clientCertificate the certificate is enough here; leave one of the two out`,
      );
  });
}

/** What of a certificate becomes the client's name on a listener that demands one. */
export function namesByCertificate({ clientCertificates }: Listener): 'none' | 'username' | 'clientid' {
  return clientCertificates?.verify === 'required' ? clientCertificates.identity : 'none';
}

function listed(
  { authentication }: Listener,
  kinds: readonly AuthenticationKind[],
): readonly AuthenticationKind[] {
  return authentication?.filter((kind) => kinds.includes(kind)) ?? kinds;
}

function linksOf(listener: Listener, kinds: readonly AuthenticationKind[]): readonly Link[] {
  return listed(listener, kinds).filter(isLink);
}

function isLink(kind: AuthenticationKind): kind is Link {
  return kind !== 'clientCertificate';
}

function same(one: readonly Link[], other: readonly Link[]): boolean {
  return one.length === other.length && one.every((kind, index) => kind === other[index]);
}
