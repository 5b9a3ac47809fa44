import { setTimeout as pause } from 'node:timers/promises';
import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';

const count = 5_000;
const idleSeconds = 10;

/** What listeners cost that nobody uses. */
export const listenerCount: Measurement<'listenerCount'> = {
  name: 'listenerCount',
  contestants: ['oneListener', 'twelveListeners'],
  options: plainOptions,
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    const memory = (await contestant.memoryBytes()) / 1_000_000;
    const quiet = await contestant.processorMicroseconds();
    await pause(idleSeconds * 1_000);
    const before = await contestant.processorMicroseconds();
    const begun = performance.now();
    const result = await site.load.connect(contestant.target('mqtt'), {
      ...{ prefix: prefixOf(contestant, 'new', round), count },
    });
    const seconds = (performance.now() - begun) / 1_000;
    requireAll(result, contestant.name);
    const used = (await contestant.processorMicroseconds()) - before;
    return { rate: count / seconds, processor: used / count, idle: (before - quiet) / idleSeconds, memory };
  },
};
