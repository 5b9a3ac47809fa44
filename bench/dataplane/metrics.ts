/** A figure that a measurement yields for each contestant and round. */
export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly unit: '/s' | 'us' | 'kB' | 'MB' | 's' | '%' | '';
  readonly better: 'lower' | 'higher';
  /** What null means in a cell. */
  readonly none?: string;
}

/** How long clients of a broker that failed are waited for. */
export const servedLimitSeconds = 10;

/** Older than the 300 s that HAProxy's manual has for the lifetime of sessions. */
export const ticketAgeSeconds = 305;

/** How often HAProxy is reloaded in a round. */
export const reloadCount = 20;

const lower = { better: 'lower' } as const;
const higher = { better: 'higher' } as const;
const processor = { unit: 'us', ...lower } as const;
const untilServed = { unit: 's', none: `not within ${servedLimitSeconds} s`, ...lower } as const;

/** By measurement, in the order of the report. */
export const metrics = {
  connections: [
    { id: 'rate', title: 'new MQTT connections', unit: '/s', ...higher },
    { id: 'processor', title: 'proxy CPU per new connection', ...processor },
  ],
  journal: [
    { id: 'processor', title: 'proxy CPU per new connection', ...processor },
    { id: 'journald', title: 'journald CPU per new connection', ...processor },
    { id: 'both', title: 'both', ...processor },
    { id: 'dropped', title: 'lines that HAProxy dropped', unit: '%', ...lower },
  ],
  publishing: [
    { id: 'roundTrip', title: 'QoS 1 round trip, p50', unit: 'us', ...lower },
    { id: 'throughput', title: 'QoS 0 messages', unit: '/s', ...higher },
  ],
  memory: [
    { id: 'plain', title: 'memory per idle connection', unit: 'kB', ...lower },
    { id: 'tls', title: 'memory per idle TLS connection', unit: 'kB', ...lower },
  ],
  handshakes: [
    { id: 'full', title: 'proxy CPU, full handshake', ...processor },
    { id: 'resumed', title: 'proxy CPU, resumed at once', ...processor },
    { id: 'reloaded', title: 'resumed after a reload', unit: '%', ...higher },
  ],
  mutualHandshakes: [
    { id: 'full', title: 'mutual TLS: proxy CPU, full handshake', ...processor },
    { id: 'resumed', title: 'mutual TLS: proxy CPU, resumed at once', ...processor },
    { id: 'reloaded', title: 'mutual TLS: resumed after a reload', unit: '%', ...higher },
  ],
  oldTickets: [
    { id: 'share', title: `resumed with tickets of ${ticketAgeSeconds} s`, unit: '%', ...higher },
    { id: 'processor', title: `proxy CPU with tickets of ${ticketAgeSeconds} s`, ...processor },
  ],
  mutualOldTickets: [
    { id: 'share', title: `mutual TLS: resumed with tickets of ${ticketAgeSeconds} s`, unit: '%', ...higher },
    { id: 'processor', title: `mutual TLS: proxy CPU with tickets of ${ticketAgeSeconds} s`, ...processor },
  ],
  storm: [
    { id: 'first', title: 'mutual TLS: proxy CPU per client, first connections', ...processor },
    { id: 'again', title: 'the same clients at once at the other balancer', ...processor },
    { id: 'share', title: 'of them resumed', unit: '%', ...higher },
    { id: 'refused', title: 'of them refused', unit: '', ...lower },
  ],
  refusals: [
    { id: 'alone', title: '10,000 clients, nobody refused: all served after', unit: 's', ...lower },
    { id: 'beside', title: 'the same beside 10,000 that are refused', unit: 's', ...lower },
    { id: 'lost', title: 'of them lost', unit: '', ...lower },
    { id: 'logged', title: 'log of both halves', unit: 'MB', ...lower },
    { id: 'counted', title: 'refusals that are counted', unit: '%', ...higher },
  ],
  listenerCount: [
    { id: 'rate', title: 'new MQTT connections', unit: '/s', ...higher },
    { id: 'processor', title: 'proxy CPU per new connection', ...processor },
    { id: 'idle', title: 'proxy CPU a second without clients', ...processor },
    { id: 'memory', title: 'memory of the proxy without clients', unit: 'MB', ...lower },
  ],
  stickTable: [
    {
      id: 'found',
      title: `of 50,000 client ids at the same broker after ${reloadCount} reloads`,
      unit: '%',
      ...higher,
    },
    { id: 'memory', title: 'memory of all workers then', unit: 'MB', ...lower },
  ],
  systemCalls: [
    { id: 'sockets', title: 'to accept, connect and close', unit: '', ...lower },
    { id: 'options', title: 'to set options of sockets', unit: '', ...lower },
    { id: 'bytes', title: 'to receive and send', unit: '', ...lower },
    { id: 'polling', title: 'to wait for what comes', unit: '', ...lower },
    { id: 'log', title: 'for the line in the log', unit: '', ...lower },
    { id: 'other', title: 'for anything else', unit: '', ...lower },
    { id: 'all', title: 'all', unit: '', ...lower },
  ],
  brokerFailure: [
    { id: 'killed', title: 'broker killed: all its clients served again', ...untilServed },
    { id: 'frozen', title: 'broker frozen: the same', ...untilServed },
    { id: 'killedAfterReload', title: 'killed after a reload', ...untilServed },
    { id: 'frozenAfterReload', title: 'frozen after a reload', ...untilServed },
    { id: 'othersCut', title: "other brokers' clients cut meanwhile", unit: '', ...lower },
  ],
  placement: [
    { id: 'spread', title: 'broker furthest from an even share of 3,000 ids', unit: '%', ...lower },
    { id: 'other', title: 'ids at the same broker through the other balancer', unit: '%', ...higher },
    { id: 'reloaded', title: 'ids at the same broker after a reload', unit: '%', ...higher },
  ],
  reloads: [
    { id: 'refused', title: `new connections lost over ${reloadCount} reloads`, unit: '', ...lower },
    { id: 'cut', title: 'sessions closed, of the last three former workers', unit: '', ...lower },
    { id: 'moved', title: 'sessions asked to move, of older ones', unit: '', ...lower },
    { id: 'workers', title: 'former workers left', unit: '', ...lower },
    { id: 'memory', title: 'memory of all workers then', unit: 'MB', ...lower },
  ],
} as const satisfies Readonly<Record<string, readonly Metric[]>>;

export type MeasurementName = keyof typeof metrics;
export type MetricId<M extends MeasurementName> = (typeof metrics)[M][number]['id'];

/** What one round found; null where it did not come about. */
export type Figures<M extends MeasurementName> = Readonly<Record<MetricId<M>, number | null>>;
