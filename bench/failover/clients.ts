import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';
import { epochMs } from '../../proving/pair/probes';

const publishIntervalMs = 20;
/** A client library's usual second would hide what the balancers do; a black hole must not hold an attempt up. */
const reconnectPeriodMs = 50;
const connectTimeoutMs = 1_000;

/** Whom the clients come as; the stack need not name anybody. */
export const userSchema = z
  .object({ username: z.string(), password: z.string() })
  .or(z.object({}).transform(() => undefined));

type User = z.infer<typeof userSchema>;

/** What a fault was to two clients that were connected when it came. */
export const clientOutageSchema = z.object({
  /** Longest time after the fault in which no QoS 1 message was acknowledged to a client that always publishes. */
  publisherMs: z.number(),
  /** From the fault until a client that only receives saw its connection end; absent when that survived. */
  noticedMs: z.number().exactOptional(),
  /** From the fault until that client was subscribed again; absent when it had not to, or had not yet. */
  subscribedMs: z.number().exactOptional(),
  /** Whether both were served when the run ended. */
  areBack: z.boolean(),
});

export type ClientOutage = z.infer<typeof clientOutageSchema>;

/** A client that publishes and one that only receives, connected to the same address. */
export class EstablishedClients {
  readonly #acknowledged: number[] = [];
  readonly #closed: number[] = [];
  readonly #subscribed: number[] = [];
  /** When pings were sent that were answered. */
  readonly #answeredPings: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly publisher: MqttClient,
    private readonly receiver: MqttClient,
    private readonly topic: string,
  ) {}

  static async connect(
    host: string,
    port: number,
    user: User,
    keepaliveSeconds: number,
  ): Promise<EstablishedClients> {
    const url = `mqtt://${host}:${port}`;
    const options = {
      ...user,
      keepalive: keepaliveSeconds,
      // Or a client that publishes would never ping, and find a dead connection only by TCP's own timeout.
      reschedulePings: false,
      reconnectPeriod: reconnectPeriodMs,
      connectTimeout: connectTimeoutMs,
    };
    const [publisher, receiver] = await Promise.all([
      connectAsync(url, { ...options, clientId: `publisher-${process.pid}` }),
      connectAsync(url, { ...options, clientId: `receiver-${process.pid}`, resubscribe: false }),
    ]);
    const clients = new EstablishedClients(
      publisher,
      receiver,
      `${user?.username ?? 'bench'}/${process.pid}`,
    );
    await clients.#begin();
    return clients;
  }

  /** Whether both have been served since the address came to rest, be it on new connections or the old ones. */
  areServed(faultAt: number, restoredAt: number): boolean {
    const now = epochMs();
    const acknowledged = this.#acknowledged.at(-1) ?? 0;
    if (acknowledged <= restoredAt || now - acknowledged > 10 * publishIntervalMs) return false;
    const closed = this.#closed.at(-1) ?? 0;
    const subscribed = this.#subscribed.at(-1) ?? 0;
    if (closed > faultAt && subscribed < closed) return false;
    return Math.max(subscribed, this.#answeredPings.at(-1) ?? 0) > restoredAt;
  }

  /** What has happened since the fault, until now. */
  outage(faultAt: number, restoredAt: number): ClientOutage {
    const areBack = this.areServed(faultAt, restoredAt);
    const [noticed] = this.#closed.filter((at) => at > faultAt);
    const [subscribed] = this.#subscribed.filter((at) => at > (this.#closed.at(-1) ?? Infinity));
    return {
      areBack,
      publisherMs: this.#longestSilence(faultAt),
      ...(noticed === undefined ? {} : { noticedMs: noticed - faultAt }),
      ...(noticed === undefined || subscribed === undefined ? {} : { subscribedMs: subscribed - faultAt }),
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([this.publisher.endAsync(true), this.receiver.endAsync(true)]);
  }

  async #begin(): Promise<void> {
    const subscribe = async () => {
      await this.receiver.subscribeAsync(`${this.topic}/none`, { qos: 1 });
      this.#subscribed.push(epochMs());
    };
    let pingedAt = 0;
    this.receiver.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') pingedAt = epochMs();
    });
    this.receiver.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.#answeredPings.push(pingedAt);
    });
    this.receiver.on('close', () => this.#closed.push(epochMs()));
    // A connection that ends meanwhile is subscribed by the next.
    this.receiver.on('connect', () => void subscribe().catch(() => undefined));
    for (const client of [this.publisher, this.receiver]) client.on('error', () => undefined);
    await subscribe();
    this.#timer = setInterval(() => {
      // What waits for a connection would all be acknowledged at once, long after it was published.
      if (!this.publisher.connected) return;
      this.publisher
        .publishAsync(this.topic, 'x', { qos: 1 })
        .then(() => this.#acknowledged.push(epochMs()))
        .catch(() => undefined);
    }, publishIntervalMs);
  }

  #longestSilence(since: number): number {
    const moments = [since, ...this.#acknowledged.filter((at) => at > since), epochMs()];
    return Math.max(...moments.slice(1).map((at, index) => at - (moments[index] ?? at)));
  }
}
