import { z } from 'zod';
import type { Contestant } from '../contestant';
import { prefixOf, type Measurement } from '../measurement';
import { servedLimitSeconds } from '../metrics';
import type { Site } from '../site';

const clients = 60;
const broker = 'emqx-2';
/** The threads of one process do for them; no other load runs beside. */
const processes = 1;

const counted = z.object({ clients: z.record(z.string(), z.number()) });
const served = z.object({ at: z.array(z.number().nullable()), others_cut: z.number() });
const left = z.object({ left: z.number() });

/** One of three brokers fails, with clients on all of them, before and after HAProxy was reloaded. */
export const brokerFailure: Measurement<'brokerFailure'> = {
  name: 'brokerFailure',
  contestants: ['guide', 'ours'],
  options: { tls: 'mqtts', pair: false, watched: true },
  freshEachRound: true,
  measure: async (site, contestant, round) => {
    const outage = (kind: 'killed' | 'frozen', when: string, reloaded: boolean) =>
      fail(site, contestant, kind, reloaded, prefixOf(contestant, `${kind}-${when}`, round));
    const killed = await outage('killed', 'first', false);
    const frozen = await outage('frozen', 'first', false);
    const killedAfterReload = await outage('killed', 'reloaded', true);
    const frozenAfterReload = await outage('frozen', 'reloaded', true);
    const all = [killed, frozen, killedAfterReload, frozenAfterReload];
    return {
      killed: killed.seconds,
      frozen: frozen.seconds,
      killedAfterReload: killedAfterReload.seconds,
      frozenAfterReload: frozenAfterReload.seconds,
      othersCut: all.reduce((sum, { othersCut }) => sum + othersCut, 0),
    };
  },
};

async function fail(
  site: Site,
  contestant: Contestant,
  kind: 'killed' | 'frozen',
  reloaded: boolean,
  prefix: string,
): Promise<{ readonly seconds: number | null; readonly othersCut: number }> {
  const load = site.load.first(processes);
  const target = contestant.target('mqtt');
  await contestant.allBrokersUp();
  const [found] = await load.all('stay', counted, target, { prefix, count: clients });
  if (Object.keys(found?.clients ?? {}).length < 3)
    throw new Error(`${contestant.name}: a broker has none of ${clients} clients`);
  try {
    // Then the clients are with a former worker.
    if (reloaded) await contestant.reload();
    await contestant.allBrokersUp();
    const at = await site.brokers.fault(broker, kind);
    const order = { prefix, broker, seconds: servedLimitSeconds };
    const [result] = await load.all('served', served, target, order);
    if (result === undefined) throw new Error('unreachable: a load process answered');
    const times = result.at.map((time) => (time === null ? null : time - at));
    const unserved = times.includes(null);
    return {
      seconds: unserved ? null : Math.max(...times.map((time) => time ?? 0)),
      othersCut: result.others_cut,
    };
  } finally {
    await site.brokers.mend(broker, kind);
    await load.all('stopStaying', left, target, { prefix });
    await contestant.allBrokersUp();
  }
}
