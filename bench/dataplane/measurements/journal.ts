import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';

const count = 5_000;

/** New connections with all that a host spends on their lines. */
export const journal: Measurement<'journal'> = {
  name: 'journal',
  contestants: ['guide', 'ours', 'oursNoLog', 'guide30', 'ours30'],
  options: { ...plainOptions, journal: true },
  repeats: 2,
  measure: async (site, contestant, round) => {
    const spent = async () => ({
      processor: await contestant.processorMicroseconds(),
      journald: (await contestant.journalMicroseconds()) ?? 0,
      dropped: (await contestant.droppedLines()) ?? 0,
    });
    const before = await spent();
    const result = await site.load.connect(contestant.target('mqtt'), {
      ...{ prefix: prefixOf(contestant, 'logged', round), count },
    });
    requireAll(result, contestant.name);
    await settled(() => contestant.journalMicroseconds());
    const after = await spent();
    const processor = (after.processor - before.processor) / count;
    const journald = (after.journald - before.journald) / count;
    const dropped = ((after.dropped - before.dropped) / count) * 100;
    return { processor, journald, both: processor + journald, dropped };
  },
};

/** Until journald has read what there is: it comes behind. */
async function settled(spent: () => Promise<number | null>): Promise<void> {
  for (let before = await spent(); ;) {
    await new Promise((done) => setTimeout(done, 200));
    const now = await spent();
    // Asking it costs nothing of its own.
    if ((now ?? 0) - (before ?? 0) < 500) return;
    before = now;
  }
}
