import type { LoadTarget } from './load';

/** What is compared. The HAProxys are Debian 12's 2.6, and 3.0 of Debian 13 where the name says so. */
export const contestantTitles = {
  direct: 'direct',
  nginx: 'nginx stream',
  guide: 'guide',
  ours: 'ours',
  oursGuideLog: "ours, guide's log",
  oursNoLog: 'ours, no log',
  guide30: 'guide, 3.0',
  ours30: 'ours, 3.0',
  oneListener: 'ours, 1 listener',
  twelveListeners: 'ours, 12 listeners',
} as const;

export type ContestantName = keyof typeof contestantTitles;

/** mqtts is TLS with a certificate of the server only; mutual asks for the client's too. */
export type ListenerKind = 'mqtt' | 'mqtts' | 'mutual';

export interface ContestantOptions {
  /** Ours has one TLS listener: whether that asks for certificates. */
  readonly tls: 'mqtts' | 'mutual';
  /** Two balancers that clients may change between. */
  readonly pair: boolean;
  /** haproxy-watch beside ours, as on a host: where brokers fail or workers stay behind. */
  readonly watched: boolean;
  /** Ours places clients by a table of so many client ids, and not by their hash. */
  readonly tableEntries?: number;
  /** What HAProxy logs goes to a journald, in place of a reader that drops it. */
  readonly journal?: true;
}

/** One way to the brokers; started for a measurement and stopped after it. */
export interface Contestant {
  readonly name: ContestantName;
  /** Where clients connect, at one balancer of a pair. */
  target(listener: ListenerKind, index?: 0 | 1): LoadTarget;
  /** Processor time of the proxy so far, in microseconds; of all balancers. */
  processorMicroseconds(): Promise<number>;
  /** Memory of the proxy, in bytes; of all balancers. */
  memoryBytes(): Promise<number>;
  /** Processor time of the journald beside the first balancer; null where there is none. */
  journalMicroseconds(): Promise<number | null>;
  /** Lines that HAProxy of the first balancer could not write so far; null where that is not asked. */
  droppedLines(): Promise<number | null>;
  /** How often the proxy called the system during some work, by name. */
  systemCalls(work: () => Promise<void>): Promise<ReadonlyMap<string, number>>;
  /** What of refusals and sessions the proxies have logged; null where that is not read. */
  loggedBytes(): Promise<number | null>;
  /** Refusals that the first balancer has counted, whether it logged them or not; null where none are counted. */
  countedRefusals(): Promise<number | null>;
  /** Reloads the first balancer; resolves when the new workers accept. */
  reload(): Promise<void>;
  /** Former workers of the first balancer that still have clients. */
  formerWorkers(): Promise<number>;
  /** Resolves when all brokers are served, as far as the proxy looks. */
  allBrokersUp(): Promise<void>;
  stop(): Promise<void>;
}
