import type { Listener } from '../listeners/listener';

/** New connections that come back in a second without a burst that the others feel. */
const leastPerSecond = 100;
const leastSeconds = 30;
/** Of a planned restart, however many clients there are: from then on more are moved in a second. */
const mostSeconds = 120;

/** How a broker's clients are moved before it stops: at a pace, and within a time that this pace needs. */
export function drainPace(
  listeners: readonly Pick<Listener, 'maxConnections'>[],
  brokerCount: number,
): { readonly perSecond: number; readonly seconds: number } {
  const clients = listeners.reduce((sum, { maxConnections }) => sum + maxConnections, 0);
  const most = mostOnOne(clients, brokerCount);
  const perSecond = Math.max(leastPerSecond, Math.ceil(most / mostSeconds));
  // A tenth more: the pace is that of the one who closes, and the last ones have to be counted away.
  return { perSecond, seconds: Math.max(leastSeconds, Math.ceil((most / perSecond) * 1.1)) };
}

/**
 * The most clients that one broker has while all are restarted one after the other: each hands its own on to the others,
 * and nobody comes back by itself where a hash places the clients. The last then has up to e times an even share.
 */
function mostOnOne(clients: number, brokerCount: number): number {
  const others = brokerCount - 1;
  if (others < 1) return clients;
  return Math.ceil((clients / brokerCount) * (brokerCount / others) ** others);
}
