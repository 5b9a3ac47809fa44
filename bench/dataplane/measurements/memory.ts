import { z } from 'zod';
import type { Contestant, ListenerKind } from '../contestant';
import { plainOptions, prefixOf, type Measurement } from '../measurement';
import type { Site } from '../site';

const count = 2_000;
const held = z.object({ held: z.number() });
const released = z.object({ released: z.number() });

/** The proxy's own memory; the kernel's for its two sockets is the same for all. */
export const memory: Measurement<'memory'> = {
  name: 'memory',
  contestants: ['nginx', 'guide', 'ours', 'guide30', 'ours30'],
  options: plainOptions,
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    try {
      // The first clients make a new process map and allocate what it needs once.
      await hold(site, contestant, 'mqtt', prefixOf(contestant, 'warm', round), 100);
      await hold(site, contestant, 'mqtts', prefixOf(contestant, 'warm-tls', round), 100);
      return {
        plain: await perConnection(site, contestant, 'mqtt', round),
        tls: await perConnection(site, contestant, 'mqtts', round),
      };
    } finally {
      await site.load.all('release', released, contestant.target('mqtt'), { prefix: 'all' });
    }
  },
};

async function perConnection(
  site: Site,
  contestant: Contestant,
  kind: ListenerKind,
  round: number,
): Promise<number> {
  const before = await contestant.memoryBytes();
  await hold(site, contestant, kind, prefixOf(contestant, kind, round), count);
  return ((await contestant.memoryBytes()) - before) / count / 1_000;
}

async function hold(
  site: Site,
  contestant: Contestant,
  kind: ListenerKind,
  prefix: string,
  clients: number,
): Promise<void> {
  await site.load.all('hold', held, contestant.target(kind), { prefix, count: clients });
}
