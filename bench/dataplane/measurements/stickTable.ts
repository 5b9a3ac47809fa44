import { plainOptions, prefixOf, type Measurement } from '../measurement';
import { reloadCount } from '../metrics';
import { sameShare } from './placement';

const count = 50_000;

/** Whether a fleet of the size of a stick table finds its brokers again after many reloads. */
export const stickTable: Measurement<'stickTable'> = {
  name: 'stickTable',
  contestants: ['guide', 'ours', 'guide30', 'ours30'],
  options: { ...plainOptions, watched: true, tableEntries: 100_000 },
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    const prefix = prefixOf(contestant, 'stick', round);
    const before = await site.load.places(contestant.target('mqtt'), prefix, count);
    for (let made = 0; made < reloadCount; made += 1) await contestant.reload();
    await contestant.allBrokersUp();
    const after = await site.load.places(contestant.target('mqtt'), prefix, count);
    return { found: sameShare(before, after) * 100, memory: (await contestant.memoryBytes()) / 1_000_000 };
  },
};
