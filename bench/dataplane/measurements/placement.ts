import { prefixOf, type Measurement } from '../measurement';

const count = 3_000;

/** Where client ids go: how evenly, and whether they find their broker again. */
export const placement: Measurement<'placement'> = {
  name: 'placement',
  contestants: ['guide', 'ours', 'guide30', 'ours30'],
  options: { tls: 'mqtts', pair: true, watched: false },
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    const prefix = prefixOf(contestant, 'place', round);
    const first = await site.load.places(contestant.target('mqtt', 0), prefix, count);
    const other = await site.load.places(contestant.target('mqtt', 1), prefix, count);
    await contestant.reload();
    await contestant.allBrokersUp();
    const reloaded = await site.load.places(contestant.target('mqtt', 0), prefix, count);
    return {
      spread: furthestFromEven(first) * 100,
      other: sameShare(first, other) * 100,
      reloaded: sameShare(first, reloaded) * 100,
    };
  },
};

/** How far the broker furthest from an even share of the clients is from it, as a part of that share. */
export function furthestFromEven(brokers: readonly string[], brokerCount = 3): number {
  const even = brokers.length / brokerCount;
  const counts = new Map<string, number>();
  for (const broker of brokers) counts.set(broker, (counts.get(broker) ?? 0) + 1);
  const unused = counts.size < brokerCount ? [0] : [];
  return Math.max(...[...counts.values(), ...unused].map((number) => Math.abs(number - even) / even));
}

/** Which part of the client ids has the same broker. */
export function sameShare(before: readonly string[], after: readonly string[]): number {
  return before.filter((broker, index) => broker === after[index]).length / before.length;
}
