import { z } from 'zod';
import { type Hosts, onEach } from './hosts';
import { program } from './program';

/** It asks EC2, which may take seconds. */
const conditionMs = 30_000;

const part = <T extends z.ZodType>(told: T) =>
  z.union([z.object({ told }), z.object({ failed: z.string() })]);

const condition = z.object({
  /** What Keepalived is told: 0 or 1; empty where nothing was written. */
  faults: part(z.object({ haproxy: z.string(), vip: z.string() })),
  /** Since the resident programs reported last. */
  silentSeconds: part(z.object({ vip: z.number(), watch: z.number() })),
  /** Since HAProxy was ended because it did not answer; null where that has not happened since the boot. */
  hungSeconds: part(z.number().nullable()).default({ told: null }),
  workers: part(z.object({ former: z.number(), formerAllowed: z.number(), failedReloads: z.number() })),
  listeners: part(z.array(z.object({ name: z.string(), status: z.string(), limited: z.boolean() }))),
  /** Brokers by listener, as HAProxy's checks find them; `address` is ADDRESS:PORT. */
  brokers: part(
    z.array(
      z.object({
        listener: z.string(),
        name: z.string(),
        status: z.string(),
        address: z.string(),
        /** Whether clients come with a PROXY header. */
        proxied: z.boolean(),
        /** Whether by TLS, with certificates that only the balancers have. */
        encrypted: z.boolean(),
      }),
    ),
  ),
  /** From when to when what a file holds is valid, in seconds since 1970. */
  lifetimes: part(z.record(z.string(), z.tuple([z.number(), z.number()]))),
  /** Whether EC2 would let it claim the virtual IP. */
  claim: part(z.string()),
});

/** What a balancer says of itself: each part, or why it cannot be told. */
export type Condition = z.infer<typeof condition>;

export interface BalancerState {
  readonly condition: Condition;
  /** vip-agent's and haproxy-watch's figures by name, such as `vip_wary`. */
  readonly figures: ReadonlyMap<string, number>;
}

/** What each balancer that answers says of itself, by name. */
export async function lookAtBalancers(hosts: Hosts): Promise<ReadonlyMap<string, BalancerState>> {
  const [conditions, figures] = await Promise.all([
    onEach(hosts, hosts.balancers, () => program('balancer.condition'), conditionMs),
    readFigures(hosts),
  ]);
  return new Map(
    [...conditions].map(([name, text]) => [
      name,
      { condition: parseCondition(text), figures: figures.get(name) ?? new Map() },
    ]),
  );
}

export function parseCondition(text: string): Condition {
  return condition.parse(JSON.parse(text));
}

/** The figures of each balancer's resident programs, by name. */
export async function readFigures(hosts: Hosts): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const texts = await onEach(hosts, hosts.balancers, () => 'cat /run/emqx-haproxy/metrics/*.prom');
  return new Map([...texts].map(([name, text]) => [name, parseFigures(text)]));
}

/** From Prometheus text, without the prefix that all have. */
export function parseFigures(prometheusText: string): ReadonlyMap<string, number> {
  const lines = prometheusText.matchAll(/^emqx_haproxy_(\w+) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]));
}
