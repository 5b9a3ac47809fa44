import { prefixOf, requireAll, type Measurement } from '../measurement';

const count = 1_000;

/** A fleet with certificates connects, and after a takeover all of it at once at the other balancer. */
export const storm: Measurement<'storm'> = {
  name: 'storm',
  contestants: ['guide', 'ours'],
  options: { tls: 'mutual', pair: true, watched: false },
  measure: async (site, contestant, round) => {
    const prefix = prefixOf(contestant, 'storm', round);
    const begun = await contestant.processorMicroseconds();
    const first = await site.load.connect(contestant.target('mutual', 0), { prefix, count, keep: prefix });
    requireAll(first, `${contestant.name}, first connections`);
    const moved = await contestant.processorMicroseconds();
    const again = await site.load.connect(contestant.target('mutual', 1), { prefix, count, resume: prefix });
    const ended = await contestant.processorMicroseconds();
    return {
      first: (moved - begun) / count,
      again: (ended - moved) / count,
      share: (again.resumed / count) * 100,
      refused: again.failed,
    };
  },
};
