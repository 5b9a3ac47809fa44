import { connectAsync, type MqttClient } from 'mqtt';
import { epochMs } from './probes';

const keepaliveSeconds = 5;
const publishIntervalMs = 100;

/** What a fault was to two clients that were connected when it came. */
export interface ClientOutage {
  /** Longest time between two acknowledgements of QoS 1 messages that were published all the time. */
  readonly publisherMs: number;
  /** From the fault until a client that only receives saw its connection end; undefined when it never did. */
  readonly noticedMs: number | undefined;
  /** From the fault until that client was subscribed again; 0 when its connection survived. */
  readonly receiverMs: number;
}

/** A client that publishes and one that only receives, both with a keepalive of 5 s. */
export class EstablishedClients {
  readonly #acknowledged: number[] = [];
  readonly #closed: number[] = [];
  readonly #subscribed: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly publisher: MqttClient,
    private readonly receiver: MqttClient,
  ) {}

  static async connect(host: string, port: number): Promise<EstablishedClients> {
    const url = `mqtt://${host}:${port}`;
    const options = {
      keepalive: keepaliveSeconds,
      // Or a client that publishes would never ping, and find a dead connection only by TCP's own timeout.
      reschedulePings: false,
      reconnectPeriod: 50,
      connectTimeout: 1_000,
    };
    const [publisher, receiver] = await Promise.all([
      connectAsync(url, { ...options, clientId: `publisher-${process.pid}` }),
      connectAsync(url, { ...options, clientId: `receiver-${process.pid}`, resubscribe: false }),
    ]);
    const clients = new EstablishedClients(publisher, receiver);
    await clients.#begin();
    return clients;
  }

  /** Whether both are served again: a connection that only receives counts once it ended, or once it was pinged. */
  isServed(since: number): boolean {
    const now = epochMs();
    const last = this.#acknowledged.at(-1) ?? 0;
    if (last < since || now - last > 2 * publishIntervalMs || !this.receiver.connected) return false;
    const sinceEnd = (this.#closed.at(-1) ?? 0) > since;
    if (sinceEnd) return (this.#subscribed.at(-1) ?? 0) > (this.#closed.at(-1) ?? 0);
    return now - since > (keepaliveSeconds + 1) * 1_000;
  }

  outage(since: number): ClientOutage {
    const closed = this.#closed.filter((at) => at >= since);
    const [first] = closed;
    const back = this.#subscribed.filter((at) => at > (closed.at(-1) ?? Infinity))[0];
    const acknowledged = this.#acknowledged.filter((at) => at > since - 1_000);
    const gaps = acknowledged.slice(1).map((at, index) => at - (acknowledged[index] ?? at));
    return {
      publisherMs: Math.max(0, ...gaps),
      noticedMs: first === undefined ? undefined : first - since,
      receiverMs: first === undefined ? 0 : (back ?? epochMs()) - since,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.publisher.endAsync(true), this.receiver.endAsync(true)]);
  }

  async #begin(): Promise<void> {
    const subscribe = async () => {
      await this.receiver.subscribeAsync(`bench/${process.pid}/none`, { qos: 1 });
      this.#subscribed.push(epochMs());
    };
    this.receiver.on('close', () => this.#closed.push(epochMs()));
    // A connection that ends meanwhile is subscribed by the next.
    this.receiver.on('connect', () => void subscribe().catch(() => undefined));
    for (const client of [this.publisher, this.receiver]) client.on('error', () => undefined);
    await subscribe();
    this.#timer = setInterval(() => {
      this.publisher
        .publishAsync(`bench/${process.pid}`, 'x', { qos: 1 })
        .then(() => this.#acknowledged.push(epochMs()))
        .catch(() => undefined);
    }, publishIntervalMs);
  }
}
