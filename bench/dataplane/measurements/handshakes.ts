import type { Contestant } from '../contestant';
import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';
import type { Connected } from '../load';
import type { Site } from '../site';

const count = 400;

/** TLS 1.3 with a P-256 certificate of the server: first connections, and the same clients at once after. */
export const handshakes = fresh('handshakes', 'mqtts');
/** The same with certificates of the clients. */
export const mutualHandshakes = fresh('mutualHandshakes', 'mutual');
/** Clients that come back after longer than sessions live by default. */
export const oldTickets = old('oldTickets', 'mqtts');
export const mutualOldTickets = old('mutualOldTickets', 'mutual');

function fresh<M extends 'handshakes' | 'mutualHandshakes'>(
  name: M,
  tls: 'mqtts' | 'mutual',
): Measurement<M> {
  return {
    name,
    contestants: ['guide', 'ours', 'guide30', 'ours30'],
    options: { ...plainOptions, tls },
    measure: async (site, contestant, round) => {
      const keep = prefixOf(contestant, name, round);
      const full = await handshake(site, contestant, tls, { keep });
      const resumed = await handshake(site, contestant, tls, { resume: keep });
      if (resumed.resumed < count)
        throw new Error(`${contestant.name} resumed only ${resumed.resumed} of ${count} fresh sessions`);
      await contestant.reload();
      const reloaded = await handshake(site, contestant, tls, { resume: keep });
      return {
        full: full.processorMicroseconds,
        resumed: resumed.processorMicroseconds,
        reloaded: (reloaded.resumed / count) * 100,
      };
    },
  };
}

function old<M extends 'oldTickets' | 'mutualOldTickets'>(name: M, tls: 'mqtts' | 'mutual'): Measurement<M> {
  return {
    name,
    contestants: ['guide', 'ours'],
    options: { ...plainOptions, tls },
    prepare: async (site, contestant, round) => {
      const { kept } = await handshake(site, contestant, tls, { keep: prefixOf(contestant, name, round) });
      if (kept < count) throw new Error(`${contestant.name} gave only ${kept} of ${count} clients a ticket`);
    },
    measure: async (site, contestant, round) => {
      const resume = prefixOf(contestant, name, round);
      const { resumed, processorMicroseconds } = await handshake(site, contestant, tls, { resume });
      return { share: (resumed / count) * 100, processor: processorMicroseconds };
    },
  };
}

async function handshake(
  site: Site,
  contestant: Contestant,
  tls: 'mqtts' | 'mutual',
  sessions: { readonly keep?: string; readonly resume?: string },
): Promise<Connected & { readonly processorMicroseconds: number }> {
  const before = await contestant.processorMicroseconds();
  const order = { prefix: `${contestant.name}-${tls}`, count, ...sessions };
  const result = await site.load.connect(contestant.target(tls), order);
  requireAll(result, `${contestant.name}, TLS`);
  const used = (await contestant.processorMicroseconds()) - before;
  return { ...result, processorMicroseconds: used / count };
}
