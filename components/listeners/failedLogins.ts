import type { Problems } from '../rendering/problems';
import type { ListenerArgs } from './arguments';
import type { Listener, ListenerKind } from './listener';
import { isWebSocket } from './listener';

/** Applies the defaults and checks them; what is wrong goes to `problems` under `path`. */
export function planFailedLogins(
  kind: ListenerKind,
  { failedLogins, anonymous }: ListenerArgs,
  inspect: boolean,
  path: string,
  problems: Problems,
): Pick<Listener, 'failedLogins'> {
  if (failedLogins === undefined) return {};
  const { perLogin = 5, perSource, periodSeconds = 60 } = failedLogins;
  if (isWebSocket({ kind }))
    problems.add(
      path,
      'is for mqtt and mqtts: inside a WebSocket the balancer sees no login; leave it out, and give rateLimit',
    );
  else if (!inspect)
    problems.add(path, 'needs inspect, since it goes by what is in a CONNECT; leave one of the two out');
  if (anonymous === true)
    problems.add(
      path,
      'is given where anonymous is true, so brokers refuse no login; leave one of the two out',
    );
  problems.wholeNumber(`${path}.perLogin`, perLogin, 1, 1_000_000, 'refusals');
  if (perSource !== undefined) problems.wholeNumber(`${path}.perSource`, perSource, 1, 1_000_000, 'refusals');
  problems.wholeNumber(`${path}.periodSeconds`, periodSeconds, 1, 3600, 'seconds');
  return { failedLogins: { perLogin, periodSeconds, ...(perSource === undefined ? {} : { perSource }) } };
}

/**
 * Logins that a balancer remembers of a listener: those of its clients, as many that only come by, and room for a storm of
 * failing ones. The oldest makes room.
 */
export function rememberedLogins({ maxConnections }: Pick<Listener, 'maxConnections'>): number {
  return 2 * maxConnections + 100_000;
}
