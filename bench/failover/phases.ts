import { z } from 'zod';
import type { Pair } from './faults';
import type { Target } from './target';

/** Where the time of a takeover went, in milliseconds; what a phase's journal did not tell is absent. */
export interface Phases {
  /** Until haproxy-watch reports the fault, or Keepalived misses its peer. */
  readonly detection?: number;
  /** Until the new master is told to claim. */
  readonly decision?: number;
  /** Until EC2 has answered. */
  readonly apiCall?: number;
  /** Until a new client is served. */
  readonly route?: number;
}

const entrySchema = z.object({
  MESSAGE: z.string(),
  __REALTIME_TIMESTAMP: z.string(),
  _SOURCE_REALTIME_TIMESTAMP: z.string().optional(),
});

interface Entry {
  readonly at: number;
  readonly message: string;
}

/** Reads the pair's journals; the failed host's only if it still answers. Times are milliseconds since the epoch. */
export async function readPhases(
  target: Target,
  pair: Pair,
  faultAt: number,
  servedAt: number,
): Promise<Phases> {
  const [former, heir] = await Promise.all([
    journal(target, pair.active, faultAt).catch(() => []),
    journal(target, pair.standby, faultAt),
  ]);
  const reported = when(former, /^HAProxy is (dead|hung): fault 1/);
  const master = when(heir, /Entering MASTER STATE/);
  const told = when(heir, /^keepalived: INSTANCE .* MASTER/) ?? when(heir, /^takeover begins/);
  const claimed = when(heir, /^claimed in/);
  const detected = reported ?? master;
  return {
    ...phase('detection', faultAt, detected),
    ...phase('decision', detected, told),
    ...phase('apiCall', told, claimed),
    ...phase('route', claimed, servedAt),
  };
}

function phase(name: keyof Phases, from: number | undefined, to: number | undefined): Phases {
  return from === undefined || to === undefined ? {} : { [name]: Math.max(0, to - from) };
}

function when(entries: readonly Entry[], message: RegExp): number | undefined {
  return entries.find((entry) => message.test(entry.message))?.at;
}

async function journal(target: Target, balancer: string, since: number): Promise<Entry[]> {
  const fields = '--output-fields=MESSAGE,_SOURCE_REALTIME_TIMESTAMP';
  const text = await target.shell(
    balancer,
    `journalctl --quiet --output=json ${fields} --since=@${(since / 1000).toFixed(6)}`,
  );
  return text.split('\n').flatMap((line) => {
    // A message that is no UTF-8 comes as an array of bytes; none of ours is.
    const entry = line === '' ? undefined : entrySchema.safeParse(JSON.parse(line)).data;
    if (entry === undefined) return [];
    const at = Number(entry._SOURCE_REALTIME_TIMESTAMP ?? entry.__REALTIME_TIMESTAMP) / 1000;
    return at < since ? [] : [{ at, message: entry.MESSAGE }];
  });
}
