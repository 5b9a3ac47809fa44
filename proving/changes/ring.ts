import { connectAsync, type MqttClient } from 'mqtt';
import { until } from '../pair/until';

/** What a change of a running stack did to its clients. */
export interface Cost {
  readonly clients: number;
  /** Clients that lost a connection. */
  readonly cut: number;
  /** Connections lost, by all. */
  readonly cuts: number;
  /** Connections lost by whoever lost most. */
  readonly mostCuts: number;
  /** The longest that a client was without a connection, until its next CONNACK, in ms. */
  readonly longestMs: number;
  /** What half of those that were cut stayed below, each at its longest; 0 where none was. */
  readonly halfMs: number;
  /** In which all of them came in at first, at once: what clients and hosts that share a machine do of it, in ms. */
  readonly cameInMs: number;
  readonly acknowledged: number;
  /** Acknowledged and never delivered. */
  readonly lost: number;
}

/** Where clients connect, and whom they come as: their topics are below the user's name. */
export interface RingTarget {
  readonly host: string;
  readonly port: number;
  readonly user: { readonly username: string; readonly password: string };
}

const publishIntervalMs = 1_000;
/** At once, but for a host that refuses: 20 tries a second of each client are load enough. */
const reconnectMs = 50;
const deliveryLimitMs = 20_000;

interface Member {
  readonly client: MqttClient;
  readonly topic: string;
  cuts: number;
  cutAt: number | undefined;
  longestMs: number;
}

/**
 * Clients with persistent sessions in a ring: each publishes once a second at QoS 1, and the next one subscribes to it.
 * They come back at once when they are cut off.
 */
export class Ring {
  readonly #acknowledged = new Set<string>();
  readonly #received = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #isOver = false;

  private constructor(
    private readonly members: readonly Member[],
    private readonly cameInMs: number,
  ) {
    for (const [index, member] of members.entries()) this.#watch(member, index);
  }

  /** Connects and subscribes them all; counting begins then. */
  static async begin({ host, port, user }: RingTarget, size: number): Promise<Ring> {
    const begunAt = performance.now();
    const members = await Promise.all(
      Array.from({ length: size }, async (_, index): Promise<Member> => {
        const client = await connectAsync(`mqtt://${host}:${port}`, {
          ...user,
          clientId: `ring-${index}`,
          clean: false,
          keepalive: 30,
          reconnectPeriod: reconnectMs,
          connectTimeout: 2_000,
        });
        client.on('error', () => undefined);
        const topic = `${user.username}/ring/${index}`;
        return { client, topic, cuts: 0, cutAt: undefined, longestMs: 0 };
      }),
    );
    const cameInMs = Math.round(performance.now() - begunAt);
    await Promise.all(
      members.map(({ client }, index) =>
        client.subscribeAsync(members.at(index - 1)?.topic ?? '', { qos: 1 }),
      ),
    );
    return new Ring(members, cameInMs);
  }

  /** Stops publishing, waits for what is under way, and counts. */
  async end(): Promise<Cost> {
    this.#timers.forEach(clearInterval);
    const missing = () => [...this.#acknowledged].filter((each) => !this.#received.has(each)).length;
    const delivered = until('every acknowledged message', deliveryLimitMs, () => missing() === 0, 200);
    await delivered.catch(() => undefined);
    this.#isOver = true;
    const { members, cameInMs } = this;
    const cut = members.filter(({ cuts }) => cuts > 0);
    const cutMs = cut.map(longestOf).sort((a, b) => a - b);
    const cost = {
      clients: members.length,
      cut: cut.length,
      cuts: members.reduce((sum, { cuts }) => sum + cuts, 0),
      mostCuts: Math.max(...members.map(({ cuts }) => cuts)),
      longestMs: Math.round(Math.max(...members.map(longestOf))),
      halfMs: Math.round(cutMs[Math.floor(cutMs.length / 2)] ?? 0),
      cameInMs,
      acknowledged: this.#acknowledged.size,
      lost: missing(),
    };
    await Promise.all(members.map(({ client }) => client.endAsync(true)));
    return cost;
  }

  #watch(member: Member, index: number): void {
    const { client, topic } = member;
    client.on('message', (_, payload) => this.#received.add(payload.toString()));
    client.on('close', () => {
      // A try that failed closes as well.
      if (this.#isOver || member.cutAt !== undefined) return;
      member.cuts += 1;
      member.cutAt = performance.now();
    });
    client.on('connect', () => {
      member.longestMs = longestOf(member);
      member.cutAt = undefined;
    });
    let count = 0;
    const publish = () => {
      const payload = `${index}/${(count += 1)}`;
      client
        .publishAsync(topic, payload, { qos: 1 })
        .then(() => this.#acknowledged.add(payload))
        .catch(() => undefined);
    };
    // Not all in the same moment.
    const first = setTimeout(
      () => this.#timers.push(setInterval(publish, publishIntervalMs)),
      (index % 100) * 10,
    );
    this.#timers.push(first);
  }
}

function longestOf({ longestMs, cutAt }: Member): number {
  return cutAt === undefined ? longestMs : Math.max(longestMs, performance.now() - cutAt);
}
