import { drawing } from '../chaos/drawing';
import type { Change } from '../changes/changingStack';

/** A change of the stack file that goes from host to host. */
export interface Rollout {
  readonly name: string;
  /** What it takes in the lab, about: when something comes in between is drawn from it. */
  readonly seconds: number;
  /** What has to be so before it; it is brought up first. */
  readonly before?: Change;
  /** Run on every host first. */
  readonly onHosts?: readonly string[];
  /** The host that comes or goes by it, to which things may be done too. */
  readonly guest?: Place;
  /** Another value for each number. */
  readonly change: (number: number) => Change;
}

export const rollouts: readonly Rollout[] = [
  {
    name: 'a setting of HAProxy',
    seconds: 12,
    change: (number) => ({ haproxy: { maxKeepaliveSeconds: 600 + number } }),
  },
  {
    name: 'a setting of EMQX, live',
    seconds: 14,
    change: (number) => ({ emqx: { settings: { mqtt: { max_packet_size: `${number + 2}MB` } } } }),
  },
  {
    name: 'a restart of the brokers',
    seconds: 40,
    change: (number) => ({ emqx: { settings: { rpc: { connect_timeout: `${number + 6}s` } } } }),
  },
  {
    name: 'an image of the balancers',
    seconds: 60,
    change: (number) => ({ haproxy: { imageGeneration: number + 2 } }),
  },
  {
    name: 'an image of the brokers',
    seconds: 95,
    change: (number) => ({ emqx: { imageGeneration: number + 2 } }),
  },
  {
    name: 'another password of the statistics page',
    seconds: 30,
    change: (number) => ({ haproxy: { stats: { password: `statistics-${number}` } } }),
  },
  {
    name: 'a reboot of every host',
    seconds: 140,
    onHosts: ['touch', '/run/reboot-required'],
    change: (number) => ({ haproxy: updatesOf(number + 2), emqx: updatesOf(number + 2) }),
  },
  {
    name: 'a broker more',
    seconds: 60,
    before: { emqx: { brokers: 3 } },
    guest: 'emqx-4',
    change: () => ({ emqx: { brokers: 4 } }),
  },
  {
    name: 'a broker less',
    seconds: 40,
    before: { emqx: { brokers: 4 } },
    guest: 'emqx-4',
    change: () => ({ emqx: { brokers: 3 } }),
  },
];

const updatesOf = (generation: number) => ({ updates: { security: 'rolling', generation } });

export type Place = 'haproxy-1' | 'haproxy-2' | 'emqx-1' | 'emqx-2' | 'emqx-3' | 'emqx-4';

export const brokers: readonly Place[] = ['emqx-1', 'emqx-2', 'emqx-3'];
const balancers: readonly Place[] = ['haproxy-1', 'haproxy-2'];
const all = [...balancers, ...brokers];

interface Deed {
  readonly name: string;
  /** Empty: it is done to no host. */
  readonly places: readonly Place[];
}

/** What comes in between. */
export const deeds = [
  { name: 'kill the runner', places: [] },
  { name: 'interrupt the runner', places: [] },
  { name: 'start another up', places: [] },
  { name: 'move the address', places: [] },
  { name: 'throttle all calls', places: [] },
  { name: 'crash', places: all },
  { name: 'freeze', places: all },
  { name: 'cut off', places: all },
  { name: 'keep the other brokers from', places: brokers },
  { name: 'fill the disk of', places: all },
] as const satisfies readonly Deed[];

export type DeedName = (typeof deeds)[number]['name'];

/** A rollout, and what comes in between. */
export interface Step {
  readonly rollout: Rollout;
  readonly deed: DeedName;
  readonly place: Place | undefined;
  /** Since the `up` began. */
  readonly afterMs: number;
  /** Before it is healed. */
  readonly holdMs: number;
}

const [leastHoldMs, mostHoldMs] = [1_000, 30_000];

/** The step of that number of a seed, whatever was before it. */
export function stepOf(seed: number, number: number): Step {
  const { random, pick } = drawing(seed, number);
  const rollout = pick(rollouts);
  const deed: Deed & { readonly name: DeedName } = pick(deeds);
  const guests = rollout.guest === undefined ? [] : [rollout.guest];
  return {
    rollout,
    deed: deed.name,
    place: deed.places.length === 0 ? undefined : pick([...deed.places, ...guests]),
    afterMs: Math.round(random() * rollout.seconds * 1_000),
    holdMs: Math.round(leastHoldMs + random() * (mostHoldMs - leastHoldMs)),
  };
}

/** `a restart of the brokers; after 12.3 s crash emqx-2, for 4.0 s`. */
export function describeStep({ rollout, deed, place, afterMs, holdMs }: Step): string {
  const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
  const what = place === undefined ? deed : `${deed} ${place}`;
  return `${rollout.name}; after ${seconds(afterMs)} ${what}, for ${seconds(holdMs)}`;
}

/** Whether a broker's sessions may end by it, with what was on its way to them. */
export function mayLose({ deed, place }: Step): boolean {
  return place?.startsWith('emqx-') === true && deed !== 'fill the disk of';
}
