import { checkCidrs, everywhere, parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { ListenerArgs } from './arguments';
import { mostOnOnePort } from './brokerPorts';
import type { Listener } from './listener';

/** How fast brokers take clients in; what is wrong goes to `problems` under the listener's `path`. */
export function planAcceptance(
  { acceptors, connectionsPerSecond }: ListenerArgs,
  path: string,
  problems: Problems,
): Pick<Listener, 'acceptors' | 'connectionsPerSecond'> {
  if (acceptors !== undefined) problems.wholeNumber(`${path}.acceptors`, acceptors, 1, 1024);
  if (connectionsPerSecond !== undefined)
    problems.wholeNumber(`${path}.connectionsPerSecond`, connectionsPerSecond, 1, 1_000_000);
  return {
    ...(acceptors === undefined ? {} : { acceptors }),
    ...(connectionsPerSecond === undefined ? {} : { connectionsPerSecond }),
  };
}

/** Whether brokers tell clients what is wrong with a CONNECT that HAProxy does not know. */
export function planRefusals(
  { refusals, failedLogins }: ListenerArgs,
  isInspected: boolean,
  path: string,
  problems: Problems,
): Pick<Listener, 'passesUnknown'> {
  if (refusals === undefined) return {};
  problems.oneOf(path, refusals, ['close', 'broker']);
  if (!isInspected)
    problems.add(
      path,
      'is for mqtt and mqtts that are inspected: elsewhere the broker judges anyway; leave it out',
    );
  if (refusals === 'broker' && failedLogins !== undefined)
    problems.add(
      path,
      'is broker, and failedLogins counts logins that HAProxy can read: who guesses would send others; leave one of the two out',
    );
  return refusals === 'broker' ? { passesUnknown: true } : {};
}

/** Private networks have no wider range. */
const widestOfProxies = 8;

/** Whose PROXY protocol is believed. */
export function planAcceptProxy(
  { acceptProxy }: ListenerArgs,
  maxConnections: number,
  path: string,
  problems: Problems,
): Pick<Listener, 'acceptProxy'> {
  if (acceptProxy === undefined) return {};
  if (acceptProxy.length === 0)
    problems.add(path, 'is empty; give the ranges of the load balancers in front, or leave it out');
  checkCidrs(path, acceptProxy, problems);
  acceptProxy.forEach((cidr, index) => {
    if ((parseCidr(cidr)?.prefixLength ?? 32) < widestOfProxies)
      problems.add(
        `${path}[${index}]`,
        `is ${cidr}, from where anybody could claim any address; /${widestOfProxies} at most is allowed: give the load balancers alone`,
      );
  });
  if (maxConnections > mostOnOnePort)
    problems.add(
      path,
      `does not go together with ${maxConnections} maxConnections: what a load balancer tells takes the place of the port by which brokers' further ports are chosen; ${mostOnOnePort} are allowed`,
    );
  return { acceptProxy };
}

/** How often one address may come. */
export function planRateLimit(
  { rateLimit }: ListenerArgs,
  path: string,
  problems: Problems,
): Pick<Listener, 'rateLimit'> {
  if (rateLimit === undefined) return {};
  const { connectionsPerSource, periodSeconds = 10, sparedCidrs = [] } = rateLimit;
  problems.wholeNumber(`${path}.connectionsPerSource`, connectionsPerSource, 1, 1_000_000);
  problems.wholeNumber(`${path}.periodSeconds`, periodSeconds, 1, 3600, 'seconds');
  checkCidrs(`${path}.sparedCidrs`, sparedCidrs, problems);
  if (sparedCidrs.includes(everywhere))
    problems.add(
      `${path}.sparedCidrs[${sparedCidrs.indexOf(everywhere)}]`,
      `is ${everywhere}, so nobody would have a limit; give the networks of fleets that share an address, or leave rateLimit out`,
    );
  return { rateLimit: { connectionsPerSource, periodSeconds, sparedCidrs } };
}
