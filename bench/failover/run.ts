import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { daemonRequest } from '../../lab/api/client';
import type { Cell } from './cells';
import { EstablishedClients, type ClientOutage } from './clients';
import { faults, type FailoverFault, type Pair } from './faults';
import { readPhases, type Phases } from './phases';
import { epochMs, Probes } from './probes';
import type { Target } from './target';

/** One fault, measured. */
export interface Run {
  readonly cell: string;
  readonly at: string;
  /** Longest time without service for new connections after the fault. */
  readonly outageMs: number;
  readonly phases: Phases;
  readonly clients: ClientOutage;
  /** The same as `outageMs` while the fault was healed. */
  readonly healOutageMs: number;
  /** From the healing until one balancer is master and EC2's holder, the other is ready, and clients are served. */
  readonly settledMs: number;
  readonly loadAverage: number;
}

const pollMs = 25;
const serviceLimitMs = 60_000;
const clientLimitMs = 25_000;
const settleLimitMs = 60_000;
const settledForMs = 1_000;

/** Waits until all is well, breaks something, measures, mends it, and waits until all is well again. */
export async function runOnce(target: Target, cell: Cell): Promise<Run> {
  const fault: FailoverFault = faults[cell.fault];
  if (target.kind === 'lab')
    await daemonRequest('POST', '/moves', { delayMs: cell.apiDelayMs, lingerMs: cell.lingerMs });
  const pair = await settled(target);
  const probes = new Probes(target.host, target.port);
  probes.start();
  let clients: EstablishedClients | undefined;
  let isHealed = true;
  try {
    await until('service before the fault', serviceLimitMs, () => probes.isServed(0));
    const connected = await EstablishedClients.connect(target.host, target.port);
    clients = connected;
    isHealed = false;
    await fault.prepare?.(target, pair);
    const loadAverage = loadavg()[0] ?? 0;
    const faultAt = epochMs();
    const injected = fault.inject(target, pair);
    // It may take longer than the takeover that it causes, and its failure is one of the run.
    injected.catch(() => undefined);
    await pause(fault.holdMs);
    await until(`service after: ${fault.title}`, serviceLimitMs, async () => {
      if (!probes.isServed(faultAt + fault.holdMs)) return false;
      return !fault.moves || (await target.holder()) === pair.standby;
    });
    await untilOr(clientLimitMs, () => connected.isServed(faultAt));
    await injected;
    const restoredAt = epochMs();
    const gap = probes.longestGap(faultAt, restoredAt);
    const phases = fault.moves ? await readPhases(target, pair, faultAt, gap.endedAt) : {};
    const healedAt = epochMs();
    isHealed = true;
    await fault.heal(target, pair);
    await settled(target);
    const settledAt = epochMs();
    await pause(settledForMs);
    return {
      cell: cell.id,
      at: new Date(faultAt).toISOString(),
      outageMs: gap.lengthMs,
      phases,
      clients: connected.outage(faultAt),
      healOutageMs: probes.longestGap(healedAt, epochMs()).lengthMs,
      settledMs: settledAt - healedAt,
      loadAverage,
    };
  } finally {
    if (!isHealed) await fault.heal(target, pair);
    probes.stop();
    await clients?.close();
  }
}

/** Waits until exactly one balancer is Keepalived's master and EC2's holder, and the other is ready to be. */
export async function settled(target: Target): Promise<Pair> {
  let pair: Pair | undefined;
  await until('one master that EC2 agrees with, and a standby that is ready', settleLimitMs, async () => {
    pair = await pairOf(target);
    return pair !== undefined;
  });
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
    'systemctl is-active --quiet haproxy keepalived && cat /run/emqx-haproxy/fault/* && ip -4 -o address show dev lo';
  const text = await target.shell(balancer, script).catch(() => undefined);
  if (text === undefined || /^1$/m.test(text)) return undefined;
  return text.split('\n').some((line) => line.includes(' inet ') && !line.includes(' 127.0.0.1/'));
}

async function until(what: string, limitMs: number, condition: () => boolean | Promise<boolean>) {
  if (!(await untilOr(limitMs, condition)))
    throw new Error(`not within ${limitMs / 1000} s: ${what}; look at the hosts' journals`);
}

/** False when the time is over first. */
async function untilOr(limitMs: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = epochMs() + limitMs;
  while (!(await condition())) {
    if (epochMs() > deadline) return false;
    await pause(pollMs);
  }
  return true;
}
