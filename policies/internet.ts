import type { Finding, Seen } from './seen';
import { at, isWithin, knownListAt, listAt } from './seen';

const pair = 'emqx-haproxy:index:HaproxyPair';
const cluster = 'emqx-haproxy:index:EmqxCluster';
const groupRule = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';
const group = 'aws:ec2/securityGroup:SecurityGroup';

/** A listener as its balancers tell of it. */
interface SeenListener {
  readonly name: string;
  readonly port: number;
  readonly isOpen: boolean;
}

/** No port of a host is open to the internet but those of listeners, and these on balancers only. */
export function onlyListenersAreOpen(resources: readonly Seen[]): readonly Finding[] {
  const listeners = listenersOf(resources);
  return resources.flatMap((seen) =>
    openings(seen).flatMap(({ first, last, range }): Finding[] => {
      const isListener =
        isWithin(seen, 'HaproxyPair') &&
        first === last &&
        listeners.some(({ port, isOpen }) => isOpen && port === first);
      if (isListener) return [];
      const ports = first === last ? `port ${first}` : `ports ${first} to ${last}`;
      return [
        {
          urn: seen.urn,
          reason: `opens ${ports} to ${range}; only listeners of balancers are open to the internet`,
        },
      ];
    }),
  );
}

/** Whoever connects from the internet says who it is. */
export function nobodyIsAnonymous(resources: readonly Seen[]): readonly Finding[] {
  const open = listenersOf(resources).filter(({ isOpen }) => isOpen);
  return resources
    .filter(({ type }) => type === cluster)
    .flatMap(({ urn, props }) =>
      open
        .filter(({ name }) => at(props, 'access', 'listeners', name) === 'anonymous')
        .map(({ name, port }) => ({
          urn,
          reason: `listeners.${name} lets anonymous clients in, and its port ${port} is open to the internet; leave \`anonymous\` out, or give allowedCidrs`,
        })),
    );
}

function listenersOf(resources: readonly Seen[]): readonly SeenListener[] {
  return resources
    .filter(({ type }) => type === pair)
    .flatMap(({ props }) =>
      listAt(props, 'listeners').map((listener) => ({
        name: String(at(listener, 'name')),
        port: Number(at(listener, 'port')),
        isOpen: listAt(listener, 'allowedCidrs').some(isInternet),
      })),
    );
}

interface Opening {
  readonly first: number;
  readonly last: number;
  readonly range: string;
}

/** What a rule, or a group with rules of its own, opens to the internet. */
function openings({ type, props }: Seen): readonly Opening[] {
  if (type === groupRule)
    return [at(props, 'cidrIpv4'), at(props, 'cidrIpv6')].flatMap((range) => opening(props, range));
  if (type === group)
    // Without rules of its own a new group's are for EC2 to say.
    return knownListAt(props, 'ingress').flatMap((rule) =>
      [...listAt(rule, 'cidrBlocks'), ...listAt(rule, 'ipv6CidrBlocks')].flatMap((range) =>
        opening(rule, range),
      ),
    );
  return [];
}

function opening(rule: unknown, range: unknown): readonly Opening[] {
  if (!isInternet(range)) return [];
  // Without ports a rule opens all of them.
  const first = at(rule, 'fromPort') ?? 0;
  const last = at(rule, 'toPort') ?? 65_535;
  return [{ first: Number(first), last: Number(last), range: String(range) }];
}

/** A range that is most of the internet: somebody's own is never wider than a /8, nor in IPv6 than a /16. */
export function isInternet(range: unknown): boolean {
  if (typeof range !== 'string') return false;
  const [address = '', length = ''] = range.split('/');
  return Number(length) < (address.includes(':') ? 16 : 8);
}
