import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';

const count = 5_000;

/** Clients that connect, are accepted, and leave: as many a second as the machine's processors allow. */
export const connections: Measurement<'connections'> = {
  name: 'connections',
  contestants: ['direct', 'nginx', 'guide', 'ours', 'oursGuideLog', 'guide30', 'ours30'],
  options: plainOptions,
  repeats: 4,
  measure: async (site, contestant, round) => {
    const target = contestant.target('mqtt');
    const before = await contestant.processorMicroseconds();
    const begun = performance.now();
    const result = await site.load.connect(target, { prefix: prefixOf(contestant, 'new', round), count });
    const seconds = (performance.now() - begun) / 1_000;
    requireAll(result, `${contestant.name}, one after the other`);
    const used = (await contestant.processorMicroseconds()) - before;
    return { rate: count / seconds, processor: contestant.name === 'direct' ? null : used / count };
  },
};
