import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Target } from '../pair/target';

const publishIntervalMs = 100;
const arrivalLimitMs = 10_000;

/** A message of QoS 1 that a broker has acknowledged. */
interface Acknowledged {
  readonly payload: string;
  readonly publisher: string;
}

/** An acknowledged message that a subscriber did not get. */
export interface Missing {
  readonly payload: string;
  readonly publisher: string;
  readonly subscriber: string;
}

/**
 * Clients that publish steadily and clients that receive all of it, each with a session that is kept for it while it
 * is away; all come back whenever they are cut off.
 */
export class Traffic {
  readonly #received = new Map<string, Set<string>>();
  /** Of the present step; what arrived is forgotten. */
  #acknowledged: Acknowledged[] = [];
  /** Whose connection ended in the present step. */
  readonly #cutOff = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #next = 0;

  private constructor(
    private readonly publishers: ReadonlyMap<string, MqttClient>,
    private readonly subscribers: ReadonlyMap<string, MqttClient>,
    private readonly topic: string,
  ) {
    for (const [name, client] of subscribers) {
      const received = new Set<string>();
      this.#received.set(name, received);
      client.on('message', (_, payload) => received.add(payload.toString()));
    }
    for (const [name, client] of [...publishers, ...subscribers]) {
      client.on('error', () => undefined);
      client.on('close', () => this.#cutOff.add(name));
    }
    this.#timer = setInterval(() => this.#publish(), publishIntervalMs);
  }

  static async begin(
    { host, port, user }: Pick<Target, 'host' | 'port' | 'user'>,
    pairs: number,
  ): Promise<Traffic> {
    const topic = `${user?.username ?? 'chaos'}/chaos`;
    const options = {
      ...user,
      clean: false,
      keepalive: 2,
      reschedulePings: false,
      reconnectPeriod: 100,
      connectTimeout: 1_000,
      // With it the library leaves out what it has subscribed to before, wherever a session is present.
      resubscribe: false,
    };
    const dial = async (kind: string) =>
      new Map(
        await Promise.all(
          Array.from({ length: pairs }, async (_, index) => {
            const clientId = `chaos-${kind}-${index + 1}`;
            return [
              clientId,
              await connectAsync(`mqtt://${host}:${port}`, { ...options, clientId }),
            ] as const;
          }),
        ),
      );
    const [publishers, subscribers] = await Promise.all([dial('publisher'), dial('subscriber')]);
    const subscribe = async (client: MqttClient) => client.subscribeAsync(topic, { qos: 1 });
    for (const client of subscribers.values()) {
      await subscribe(client);
      // At each connection, since the session that is present may be one of which it never had a CONNACK: a broker began
      // it in place of one that was on a dead broker, and the connection was gone by then.
      client.on('connect', () => void subscribe(client).catch(() => undefined));
    }
    return new Traffic(publishers, subscribers, topic);
  }

  /** Who is away, or gets nothing of whom that was acknowledged since `since`; undefined where all goes its way. */
  stalled(since: number): string | undefined {
    const away = [...this.publishers, ...this.subscribers].filter(([, { connected }]) => !connected);
    if (away.length > 0) return `not connected: ${away.map(([name]) => name).join(', ')}`;
    for (const publisher of this.publishers.keys()) {
      const fresh = this.#acknowledged.filter(
        ({ payload, publisher: from }) => from === publisher && Number(payload.split(' ')[0]) > since,
      );
      if (fresh.length === 0) return `${publisher} gets nothing acknowledged`;
      for (const [subscriber, received] of this.#received)
        if (!fresh.some(({ payload }) => received.has(payload)))
          return `${subscriber} gets nothing of ${publisher}`;
    }
    return undefined;
  }

  /**
   * Waits for all that was acknowledged in this step, and begins the next; what did not arrive within ten seconds. Where
   * brokers died, whoever was cut off is excused: the sessions on them are gone, and what they were about to pass on.
   */
  async settle(brokersDied: boolean): Promise<readonly Missing[]> {
    const acknowledged = this.#acknowledged;
    const isExcused = ({ publisher, subscriber }: Missing) =>
      brokersDied && (this.#cutOff.has(publisher) || this.#cutOff.has(subscriber));
    const missing = () => this.#missing(acknowledged).filter((message) => !isExcused(message));
    const deadline = Date.now() + arrivalLimitMs;
    while (missing().length > 0 && Date.now() < deadline) await pause(50);
    const lost = missing();
    const done = new Set(acknowledged.map(({ payload }) => payload));
    this.#acknowledged = this.#acknowledged.filter(({ payload }) => !done.has(payload));
    for (const received of this.#received.values()) for (const payload of done) received.delete(payload);
    this.#cutOff.clear();
    return lost;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    const all = [...this.publishers.values(), ...this.subscribers.values()];
    await Promise.all(all.map((client) => client.endAsync(true)));
  }

  #publish(): void {
    for (const [publisher, client] of this.publishers) {
      // What waits for a connection would be published all at once, and is no message that anybody has acknowledged.
      if (!client.connected) continue;
      const payload = `${Date.now()} ${(this.#next += 1)}`;
      client
        .publishAsync(this.topic, payload, { qos: 1 })
        .then(() => this.#acknowledged.push({ payload, publisher }))
        .catch(() => undefined);
    }
  }

  #missing(acknowledged: readonly Acknowledged[]): readonly Missing[] {
    return acknowledged.flatMap(({ payload, publisher }) =>
      [...this.#received].flatMap(([subscriber, received]) =>
        received.has(payload) ? [] : [{ payload, publisher, subscriber }],
      ),
    );
  }
}
