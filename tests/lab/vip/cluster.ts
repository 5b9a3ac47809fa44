import { setTimeout as pause } from 'node:timers/promises';
import { faults, type FaultName, type Pair } from '../../../proving/pair/faults';
import { HolderWatch } from '../../../proving/pair/holderWatch';
import { epochMs, Probes } from '../../../proving/pair/probes';
import { settled } from '../../../proving/pair/settled';
import { product } from '../../../proving/product';
import type { Target } from '../../../proving/pair/target';
import { daemonRequest } from '../../../lab/api/client';
import { fault, heal } from '../../../lab/commands/faults';

const pollMs = 50;
const settleLimitMs = 30_000;

/** Ends every fault and waits until all is well. */
export async function allWell(target: Target): Promise<Pair> {
  await heal.run([], product);
  return well(target);
}

/**
 * Waits until one balancer is active, and the other ready to follow at once: one that gave way has to hear its peer
 * first, and asks EC2 until then.
 */
export async function well(target: Target): Promise<Pair> {
  const deadline = epochMs() + settleLimitMs;
  for (;;) {
    const pair = await settled(target);
    const metrics = await Promise.all(
      target.balancers.map((name) => target.shell(name, 'cat /run/emqx-haproxy/metrics/vip.prom')),
    );
    if (metrics.every((text) => text.includes('emqx_haproxy_vip_wary 0\n'))) return pair;
    if (epochMs() > deadline)
      throw new Error(`a balancer heard no peer within ${settleLimitMs} ms:\n${metrics.join('\n')}`);
    await pause(pollMs);
  }
}

/** Breaks the active balancer, waits until the other one holds the VIP, and mends it. */
export async function failOver(target: Target, name: FaultName): Promise<void> {
  const pair = await well(target);
  await faults[name].inject(target, pair);
  await holderBecomes(target, pair.standby);
  await faults[name].heal(target, pair);
  await well(target);
}

/** Waits until EC2 sends the VIP to a balancer. */
export async function holderBecomes(target: Target, balancer: string, limitMs = 20_000): Promise<void> {
  const deadline = epochMs() + limitMs;
  while ((await target.holder()) !== balancer) {
    if (epochMs() > deadline) throw new Error(`${balancer} did not get the address within ${limitMs} ms`);
    await pause(pollMs);
  }
}

/** `npm run lab -- fault ...`. */
export async function breakIt(...args: string[]): Promise<void> {
  await fault.run(args, product);
}

/** `npm run lab -- heal api`. */
export async function mendApi(): Promise<void> {
  await heal.run(['api'], product);
}

/** How long the credentials that hosts get from now on live. */
export async function shortenCredentials(lifetimeSeconds: number): Promise<void> {
  await daemonRequest('POST', '/credentials', { lifetimeSeconds });
}

/** Lines of a unit's journal since a moment, vip-agent's if not said otherwise, that match. */
export async function said(
  target: Target,
  balancer: string,
  since: number,
  pattern: RegExp,
  unit = 'vip-agent',
): Promise<readonly string[]> {
  const from = (since / 1000).toFixed(6);
  const journal = await target.shell(
    balancer,
    `journalctl --quiet --output=cat --unit=${unit} --since=@${from}`,
  );
  return journal.split('\n').filter((line) => pattern.test(line));
}

/** Watches the VIP while something happens: who has it, and whether new clients are served. */
export class Watch {
  readonly #probes: Probes;
  readonly #holders: HolderWatch;
  readonly #began = epochMs();

  constructor(target: Target) {
    this.#probes = new Probes(target.host, target.port, target.user);
    this.#probes.start();
    this.#holders = new HolderWatch(target);
  }

  /** `holders` in turn, `most` that had it at one time, and the longest time that nobody was served. */
  async end() {
    const had = await this.#holders.end();
    this.#probes.stop();
    return { ...had, outageMs: this.#probes.longestGap(this.#began, epochMs()).lengthMs };
  }
}
