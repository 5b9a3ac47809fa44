import { drawing } from './drawing';

/** Where a fault is: which host has the address is known only when it comes. */
export type Place = 'active' | 'standby' | 'link' | 'api' | `emqx-${number}`;

type Kind = 'balancer' | 'broker' | 'link' | 'api';

interface Deed {
  /** A verb and what it is done to. */
  readonly name: string;
  readonly on: readonly Kind[];
  /** A broker's sessions end by it, and what was on its way to them or from them. */
  readonly endsSessions?: true;
}

/** Everything that can be done to the lab. */
export const deeds = [
  { name: 'kill haproxy', on: ['balancer'] },
  { name: 'kill keepalived', on: ['balancer'] },
  { name: 'kill haproxy-watch', on: ['balancer'] },
  { name: 'kill vip-agent', on: ['balancer'] },
  { name: 'kill host', on: ['balancer'] },
  { name: 'kill broker-agent', on: ['broker'] },
  { name: 'kill emqx', on: ['broker'], endsSessions: true },
  { name: 'freeze haproxy', on: ['balancer'] },
  { name: 'freeze host', on: ['balancer'] },
  { name: 'freeze emqx', on: ['broker'], endsSessions: true },
  { name: 'cut network', on: ['balancer'] },
  { name: 'cut vrrp', on: ['balancer'] },
  { name: 'cut pair', on: ['link'] },
  { name: 'cut broker', on: ['broker'], endsSessions: true },
  { name: 'fill disk', on: ['balancer', 'broker'] },
  { name: 'throttle calls', on: ['api'] },
  { name: 'throttle errors', on: ['api'] },
  { name: 'throttle delay', on: ['api'] },
  { name: 'throttle silence', on: ['api'] },
  { name: 'restart haproxy', on: ['balancer'] },
  { name: 'restart keepalived', on: ['balancer'] },
  { name: 'restart haproxy-watch', on: ['balancer'] },
  { name: 'restart vip-agent', on: ['balancer'] },
  { name: 'restart broker-agent', on: ['broker'] },
  { name: 'restart emqx', on: ['broker'] },
  { name: 'reload haproxy', on: ['balancer'] },
  { name: 'reload keepalived', on: ['balancer'] },
  { name: 'reload emqx', on: ['broker'] },
  { name: 'change balancer', on: ['balancer'] },
  { name: 'change broker', on: ['broker'] },
] as const satisfies readonly Deed[];

export type DeedName = (typeof deeds)[number]['name'];

export interface Fault {
  readonly deed: DeedName;
  readonly place: Place;
}

/** What is broken at once, and for how long. */
export interface Step {
  readonly faults: readonly Fault[];
  readonly holdMs: number;
}

const holdMs = [200, 4_000] as const;

/** The step of that number of a seed, whatever was before it: so a failing one can be run alone. */
export function stepOf(seed: number, number: number, brokers: number): Step {
  const { random, pick } = drawing(seed, number);
  const verbs = [...new Set(deeds.map(({ name }) => verbOf(name)))];
  const fault = (): Fault => {
    const verb = pick(verbs);
    const deed = pick(deeds.filter(({ name }) => verbOf(name) === verb));
    const place = pick(deed.on.flatMap((kind: Kind) => placesOf(kind, brokers)));
    return { deed: deed.name, place };
  };
  const faults = [fault()];
  if (random() < 0.4) {
    // One host is broken in one way: what is done to a host that is off cannot be done.
    const others = Array.from({ length: 20 }, fault).filter(({ place }) => place !== faults[0]?.place);
    faults.push(...others.slice(0, 1));
  }
  const [least, most] = holdMs;
  return { faults, holdMs: Math.round(least + random() * (most - least)) };
}

/** `kill haproxy on active and fill disk on emqx-2, for 1200 ms`. */
export function describeStep({ faults, holdMs: duration }: Step): string {
  return `${faults.map(({ deed, place }) => `${deed} on ${place}`).join(' and ')}, for ${duration} ms`;
}

/** The brokers whose sessions a step may end. A broker cannot hand its clients over while something else is broken. */
export function brokersEmptied({ faults }: Step): readonly Place[] {
  return faults.flatMap(({ deed, place }) => {
    const known: Deed | undefined = deeds.find(({ name }) => name === deed);
    const isCutShort = deed === 'restart emqx' && faults.length > 1;
    return known?.endsSessions === true || isCutShort ? [place] : [];
  });
}

/** `kill` of `kill haproxy`. */
export function verbOf(deed: DeedName): string {
  return deed.slice(0, deed.indexOf(' '));
}

function placesOf(kind: Kind, brokers: number): readonly Place[] {
  switch (kind) {
    case 'balancer':
      return ['active', 'standby'];
    case 'broker':
      return Array.from({ length: brokers }, (_, index): Place => `emqx-${index + 1}`);
    case 'link':
    case 'api':
      return [kind];
  }
}
