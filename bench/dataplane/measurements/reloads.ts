import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { prefixOf, type Measurement } from '../measurement';
import { reloadCount } from '../metrics';

const stayingOfEachGeneration = 20;
/** In which haproxy-watch, once a second, comes to what it leaves alone. */
const settleMs = 5_000;
/** Of haproxy-watch: older ones are emptied. */
const formerWorkersKept = 3;

const held = z.object({ held: z.number() });
const closed = z.object({ closed: z.record(z.string(), z.number()) });
const arrived = z.object({ connected: z.number(), failed: z.number() });
const anything = z.object({});

/** Reloads one after the other; clients arrive all the time, and some of each generation stay. */
export const reloads: Measurement<'reloads'> = {
  name: 'reloads',
  contestants: ['guide', 'ours'],
  options: { tls: 'mqtts', pair: false, watched: true },
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    const target = contestant.target('mqtt');
    const arriving = site.load.first(1);
    const staying = site.load.after(1).first(1);
    const prefix = (what: string | number) => prefixOf(contestant, `reload-${what}`, round);
    let cut = 0;
    let moved = 0;
    const countClosed = async (generation: number) => {
      const [answer] = await staying.all('closed', closed, target, { prefix: 'all' });
      for (const [name, number] of Object.entries(answer?.closed ?? {})) {
        const age = generation - Number(name.split('-').at(-2));
        if (age > formerWorkersKept) moved += number;
        else cut += number;
      }
    };
    await arriving.all('arrive', anything, target, { prefix: prefix('arriving') });
    try {
      for (let generation = 0; generation < reloadCount; generation += 1) {
        const order = { prefix: prefix(generation), count: stayingOfEachGeneration };
        await staying.all('hold', held, target, order);
        await contestant.reload();
        await countClosed(generation + 1);
      }
      const [result] = await arriving.all('stopArriving', arrived, target, { prefix: 'all' });
      await pause(settleMs);
      await countClosed(reloadCount);
      const workers = await contestant.formerWorkers();
      const memory = (await contestant.memoryBytes()) / 1e6;
      return { refused: result?.failed ?? NaN, cut, moved, workers, memory };
    } finally {
      await arriving.all('stopArriving', anything, target, { prefix: 'all' });
      await staying.all('release', anything, target, { prefix: 'all' });
    }
  },
};
