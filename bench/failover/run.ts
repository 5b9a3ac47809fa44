import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { daemonRequest } from '../../lab/api/client';
import type { Cell } from './cells';
import type { ClientOutage } from './clients';
import { faults, type FailoverFault, type Pair } from '../../proving/pair/faults';
import { readPhases } from './phases';
import { epochMs } from '../../proving/pair/probes';
import type { Run } from './results';
import type { Target } from '../../proving/pair/target';
import { Watcher } from './watcher';

const pollMs = 25;
/** Each look logs in to both balancers: more often it would slow them down while they heal. */
const settledPollMs = 100;
const serviceLimitMs = 60_000;
const settleLimitMs = 60_000;
/** The public examples have nothing that repairs a pair which EC2 disagrees with: then the benchmark does. */
const repairAfterMs = 20_000;

/** Waits until all is well, breaks something, measures, mends it, and waits until all is well again. */
export async function runOnce(target: Target, cell: Cell, withClients: boolean): Promise<Run> {
  if (target.kind === 'lab')
    await daemonRequest('POST', '/moves', { delayMs: cell.apiDelayMs, lingerMs: cell.lingerMs });
  const pair = await settled(target);
  const watcher = new Watcher(target.enterClients, target.host, target.port);
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

/** Waits until exactly one balancer is Keepalived's master and EC2's holder, and the other is ready to be. */
export async function settled(target: Target): Promise<Pair> {
  let pair: Pair | undefined;
  const isSettled = async () => (pair = await pairOf(target)) !== undefined;
  await until(
    'one master that EC2 agrees with, and a standby that is ready',
    settleLimitMs,
    isSettled,
    settledPollMs,
  );
  if (pair === undefined) throw new Error('unreachable: the wait above ends only with a pair');
  return pair;
}

async function pairOf(target: Target): Promise<Pair | undefined> {
  const states = await Promise.all(target.balancers.map((name) => isMaster(target, name)));
  const active = target.balancers.filter((_, index) => states[index] === true);
  const standby = target.balancers.filter((_, index) => states[index] === false);
  const [master = '', ...moreMasters] = active;
  const [other = '', ...moreOthers] = standby;
  if (master === '' || other === '' || moreMasters.length + moreOthers.length > 0) return undefined;
  return (await target.holder()) === master ? { active: master, standby: other } : undefined;
}

/** Undefined while it is not able to serve. Keepalived keeps the address that it advertises on the loopback. */
async function isMaster(target: Target, balancer: string): Promise<boolean | undefined> {
  const script =
    'systemctl is-active --quiet haproxy keepalived && { cat /run/emqx-haproxy/fault/* 2>/dev/null; ip -4 -o address show dev lo; }';
  const text = await target.shell(balancer, script).catch(() => undefined);
  if (text === undefined || /^1$/m.test(text)) return undefined;
  return text.split('\n').some((line) => line.includes(' inet ') && !line.includes(' 127.0.0.1/'));
}

type Condition = () => boolean | Promise<boolean>;

async function until(what: string, limitMs: number, condition: Condition, everyMs = pollMs): Promise<void> {
  if (!(await untilOr(limitMs, condition, everyMs)))
    throw new Error(`not within ${limitMs / 1000} s: ${what}; look at the hosts' journals`);
}

/** False when the time is over first. */
async function untilOr(limitMs: number, condition: Condition, everyMs = pollMs): Promise<boolean> {
  const deadline = epochMs() + limitMs;
  while (!(await condition())) {
    if (epochMs() > deadline) return false;
    await pause(everyMs);
  }
  return true;
}
