import { z } from 'zod';
import { onOneProcessor } from '../oneProcessor';
import { plainOptions, prefixOf, type Measurement } from '../measurement';

const messages = 3_000;
const publishSeconds = 2;
const payload_bytes = 64;

const roundTrips = z.object({ median_seconds: z.number() });
const throughput = z.object({ per_second: z.number() });

/**
 * One client that waits for each acknowledgement, then one that sends to itself as fast as it can. Of two, a hash of
 * their ids may put both on one broker.
 */
export const publishing: Measurement<'publishing'> = {
  name: 'publishing',
  contestants: ['direct', 'nginx', 'guide', 'ours', 'guide30', 'ours30'],
  options: plainOptions,
  repeats: 2,
  measure: async (site, contestant, round) => {
    const target = contestant.target('mqtt');
    const client = site.load.first(1);
    const order = { prefix: prefixOf(contestant, 'publish', round), payload_bytes };
    const [trips] = await onOneProcessor(() =>
      client.all('roundTrips', roundTrips, target, { ...order, count: messages }),
    );
    const [sent] = await client.all('throughput', throughput, target, { ...order, seconds: publishSeconds });
    return { roundTrip: (trips?.median_seconds ?? NaN) * 1e6, throughput: sent?.per_second ?? NaN };
  },
};
