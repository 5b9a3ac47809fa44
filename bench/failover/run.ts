import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { daemonRequest } from '../../lab/api/client';
import { faults, type FailoverFault, type Pair } from '../../proving/pair/faults';
import { epochMs } from '../../proving/pair/probes';
import { isMaster, pairOf, settled, settledPollMs } from '../../proving/pair/settled';
import type { Target } from '../../proving/pair/target';
import { until, untilOr } from '../../proving/pair/until';
import type { Cell } from './cells';
import type { ClientOutage } from './clients';
import { readPhases } from './phases';
import type { Run } from './results';
import { Watcher } from './watcher';

const serviceLimitMs = 60_000;
/** The public examples have nothing that repairs a pair which EC2 disagrees with: then the benchmark does. */
const repairAfterMs = 20_000;

/** Waits until all is well, breaks something, measures, mends it, and waits until all is well again. */
export async function runOnce(target: Target, cell: Cell, withClients: boolean): Promise<Run> {
  if (target.kind === 'lab')
    await daemonRequest('POST', '/moves', { delayMs: cell.apiDelayMs, lingerMs: cell.lingerMs });
  const pair = await settled(target);
  const watcher = new Watcher(target);
  try {
    await until('service before the fault', serviceLimitMs, () => watcher.isServed(0));
    if (withClients) await watcher.connectClients(cell.keepaliveSeconds);
    return await measure(target, cell, pair, watcher, withClients);
  } finally {
    watcher.close();
  }
}

async function measure(
  target: Target,
  cell: Cell,
  pair: Pair,
  watcher: Watcher,
  withClients: boolean,
): Promise<Run> {
  const fault: FailoverFault = faults[cell.fault];
  let isHealed = false;
  try {
    await fault.prepare?.(target, pair);
    const loadAverage = loadavg()[0] ?? 0;
    const faultAt = epochMs();
    const injected = fault.inject(target, pair);
    // It may take longer than the takeover that it causes, and its failure is one of the run.
    injected.catch(() => undefined);
    await pause(fault.holdMs);
    await until(`service after: ${fault.title}`, serviceLimitMs, async () => {
      if (fault.moves && (await target.holder()) !== pair.standby) return false;
      return watcher.isServed(faultAt + fault.holdMs);
    });
    const servedAgainAt = epochMs();
    const { lengthMs: outageMs } = await watcher.longestGap(faultAt, servedAgainAt);
    const { phases, claimedAt = servedAgainAt } = fault.moves
      ? await readPhases(target, pair, watcher, faultAt)
      : { phases: {} };
    const restoredAt = fault.moves ? claimedAt : faultAt + fault.holdMs;
    const clients = withClients ? await outageOfClients(watcher, cell, faultAt, restoredAt) : undefined;
    await injected;
    const healedAt = epochMs();
    isHealed = true;
    await fault.heal(target, pair);
    const wasRepaired = cell.setup.baseline && (await repairedByHand(target));
    await settled(target);
    const settledAt = epochMs();
    await until('service after healing', serviceLimitMs, () => watcher.isServed(settledAt));
    return {
      cell: cell.id,
      at: new Date(faultAt).toISOString(),
      outageMs,
      phases,
      ...(clients === undefined ? {} : { clients }),
      healOutageMs: (await watcher.longestGap(healedAt, epochMs())).lengthMs,
      settledMs: settledAt - healedAt,
      wasRepaired,
      loadAverage,
    };
  } finally {
    if (!isHealed) await fault.heal(target, pair);
  }
}

/** Until they are back; two keepalives are more than any client takes to notice. */
async function outageOfClients(
  watcher: Watcher,
  cell: Cell,
  faultAt: number,
  restoredAt: number,
): Promise<ClientOutage> {
  const limitMs = (2 * cell.keepaliveSeconds + 10) * 1_000 + cell.apiDelayMs;
  await untilOr(limitMs, () => watcher.areClientsServed(faultAt, restoredAt));
  return watcher.clientOutage(faultAt, restoredAt);
}

/** False when the pair came right by itself. */
async function repairedByHand(target: Target): Promise<boolean> {
  if (await untilOr(repairAfterMs, async () => (await pairOf(target)) !== undefined, settledPollMs))
    return false;
  for (const balancer of target.balancers)
    if ((await isMaster(target, balancer)) === true) {
      await target.shell(balancer, '/etc/keepalived/takeover.sh');
      return true;
    }
  return false;
}
