import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Pair } from '../../proving/pair/faults';
import { epochMs } from '../../proving/pair/probes';
import type { Target } from '../../proving/pair/target';
import type { Watcher } from './watcher';

/** Where the time of a takeover went, in milliseconds; what a phase's journal did not tell is absent. */
export const phasesSchema = z.object({
  /** Until haproxy-watch reports the fault, or Keepalived misses its peer. */
  detection: z.number().exactOptional(),
  /** Until the new master is told to claim. */
  decision: z.number().exactOptional(),
  /** Until EC2 has answered. */
  apiCall: z.number().exactOptional(),
  /** What of that the lab's EC2 itself took. */
  apiItself: z.number().exactOptional(),
  /** Until a new client is served. */
  route: z.number().exactOptional(),
});

export type Phases = z.infer<typeof phasesSchema>;

const entrySchema = z.object({
  MESSAGE: z.string(),
  __REALTIME_TIMESTAMP: z.string(),
  _SOURCE_REALTIME_TIMESTAMP: z.string().optional(),
});

interface Entry {
  readonly at: number;
  readonly message: string;
}

/**
 * Reads the pair's journals, the failed host's only if it still answers, and says also when EC2 had answered the claim.
 * Moments are milliseconds since the epoch.
 */
export async function readPhases(
  target: Target,
  pair: Pair,
  watcher: Watcher,
  faultAt: number,
): Promise<{ readonly phases: Phases; readonly claimedAt?: number }> {
  const { heir, claim } = await journalWithClaim(target, pair.standby, faultAt);
  if (claim === undefined) return { phases: {} };
  const former = await journal(target, pair.active, faultAt).catch(() => []);
  const detected = detectedAt(former, heir, claim.toldAt);
  const servedAt = await watcher.servedAfter(claim.answeredAt);
  const itself = await target.apiTookMs?.(claim.toldAt, claim.answeredAt);
  const phases = {
    ...phase('detection', faultAt, detected),
    ...phase('decision', detected, claim.toldAt),
    ...phase('apiCall', claim.toldAt, claim.answeredAt),
    // The log's line is written after the answer, on a busy machine some time after.
    ...(itself === undefined ? {} : { apiItself: Math.min(itself, claim.answeredAt - claim.toldAt) }),
    ...phase('route', claim.answeredAt, servedAt),
  };
  return { phases, claimedAt: claim.answeredAt };
}

/** A client may be served before the claim's line is in the journal: a script says it when Python has ended. */
async function journalWithClaim(target: Target, heir: string, since: number) {
  const deadline = epochMs() + claimLimitMs;
  for (;;) {
    const entries = await journal(target, heir, since);
    const claim = firstClaim(entries);
    if (claim !== undefined || epochMs() > deadline) return { heir: entries, claim };
    await pause(lookAgainMs);
  }
}

const claimLimitMs = 3_000;
const lookAgainMs = 100;

interface Claim {
  readonly toldAt: number;
  readonly answeredAt: number;
}

/** vip-agent says how long it took; the script of the public examples says when it begins and when it is done. */
function firstClaim(heir: readonly Entry[]): Claim | undefined {
  for (const { at, message } of heir) {
    const [, wholeMs] = /^claimed in [\d.]+ ms, ([\d.]+) ms after Keepalived's word/.exec(message) ?? [];
    if (wholeMs !== undefined) return { toldAt: at - Number(wholeMs), answeredAt: at };
  }
  const toldAt = when(heir, /^takeover begins/);
  const answeredAt = when(heir, /^claimed in a script/);
  return toldAt === undefined || answeredAt === undefined ? undefined : { toldAt, answeredAt };
}

/** What came first: a host that failed as a whole reports its own fault long after its peer took over. */
function detectedAt(former: readonly Entry[], heir: readonly Entry[], toldAt: number): number | undefined {
  const reports = [
    when(former, /^HAProxy is \w+: fault 1/),
    when(former, /Entering FAULT STATE/),
    when(heir, /Entering MASTER STATE/),
  ];
  const before = reports.filter((at) => at !== undefined && at <= toldAt + journalSlackMs);
  return before.length === 0 ? undefined : Math.min(...before.map((at) => at ?? toldAt), toldAt);
}

/** Keepalived's line and the agent's are stamped as they arrive at the journal. */
const journalSlackMs = 50;

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
