import type { Listener } from '../listeners/listener';

/** New connections that come back in a second without a burst that the others feel. */
const leastPerSecond = 100;
const leastSeconds = 30;
/** Of a planned restart, however many clients there are: from then on more are moved in a second. */
const mostSeconds = 120;

/** How a broker's share of the clients is moved before it stops: at a pace, and within a time that this pace needs. */
export function drainPace(
  listeners: readonly Pick<Listener, 'maxConnections'>[],
  brokerCount: number,
): { readonly perSecond: number; readonly seconds: number } {
  const clients = listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const share = Math.ceil(clients / Math.max(1, brokerCount));
  const perSecond = Math.max(leastPerSecond, Math.ceil(share / mostSeconds));
  // A tenth more: the pace is that of the one who closes, and the last ones have to be counted away.
  return { perSecond, seconds: Math.max(leastSeconds, Math.ceil((share / perSecond) * 1.1)) };
}
