import type { Contestant } from '../contestant';
import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';
import type { Site } from '../site';

const count = 10_000;
/** Of the load processes; the others are refused. */
const served = 4;

/** What clients that are served feel of as many that are refused, and what is known of these afterwards. */
export const refusals: Measurement<'refusals'> = {
  name: 'refusals',
  contestants: ['guide', 'ours', 'guide30', 'ours30'],
  options: plainOptions,
  measure: async (site, contestant, round) => {
    const target = contestant.target('mqtt');
    const alone = await serve(site, contestant, prefixOf(contestant, 'alone', round));
    requireAll(alone, `${contestant.name}, nobody refused`);
    const logged = await contestant.loggedBytes();
    const counted = await contestant.countedRefusals();
    const [beside] = await Promise.all([
      serve(site, contestant, prefixOf(contestant, 'beside', round)),
      site.load.after(served).refuse(target, { prefix: 'refused', count }),
    ]);
    const loggedAfter = await contestant.loggedBytes();
    const countedAfter = await contestant.countedRefusals();
    return {
      alone: alone.seconds,
      beside: beside.seconds,
      lost: beside.failed,
      logged: logged === null || loggedAfter === null ? null : (loggedAfter - logged) / 1_000_000,
      counted: counted === null || countedAfter === null ? null : ((countedAfter - counted) / count) * 100,
    };
  },
};

async function serve(
  site: Site,
  contestant: Contestant,
  prefix: string,
): Promise<{ readonly seconds: number; readonly failed: number }> {
  const begun = performance.now();
  const { failed } = await site.load.first(served).connect(contestant.target('mqtt'), { prefix, count });
  return { seconds: (performance.now() - begun) / 1_000, failed };
}
