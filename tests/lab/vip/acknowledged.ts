import { connectAsync, type MqttClient } from 'mqtt';
import { setTimeout as pause } from 'node:timers/promises';
import type { Target } from '../../../proving/pair/target';

const publishIntervalMs = 20;

/** A publisher and a subscriber with sessions of their own, both of which come back whenever they are cut off. */
export class AcknowledgedMessages {
  readonly #acknowledged = new Set<string>();
  readonly #received = new Set<string>();
  #next = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly publisher: MqttClient,
    private readonly subscriber: MqttClient,
    topic: string,
  ) {
    subscriber.on('message', (_, payload) => this.#received.add(payload.toString()));
    for (const client of [publisher, subscriber]) client.on('error', () => undefined);
    this.#timer = setInterval(() => {
      const payload = String((this.#next += 1));
      publisher
        .publishAsync(topic, payload, { qos: 1 })
        .then(() => this.#acknowledged.add(payload))
        .catch(() => undefined);
    }, publishIntervalMs);
  }

  static async begin({ host, port, user }: Target): Promise<AcknowledgedMessages> {
    const topic = `${user?.username ?? 'vip'}/acknowledged`;
    const options = { ...user, clean: false, keepalive: 2, reschedulePings: false, reconnectPeriod: 50 };
    const dial = (clientId: string) => connectAsync(`mqtt://${host}:${port}`, { ...options, clientId });
    const [publisher, subscriber] = await Promise.all([dial('vip-publisher'), dial('vip-subscriber')]);
    await subscriber.subscribeAsync(topic, { qos: 1 });
    return new AcknowledgedMessages(publisher, subscriber, topic);
  }

  /** How many were acknowledged, and those of them that did not arrive within ten seconds. */
  async end() {
    clearInterval(this.#timer);
    const missing = () => [...this.#acknowledged].filter((payload) => !this.#received.has(payload));
    const deadline = Date.now() + 10_000;
    while (missing().length > 0 && Date.now() < deadline) await pause(50);
    await Promise.all([this.publisher.endAsync(true), this.subscriber.endAsync(true)]);
    return { acknowledged: this.#acknowledged.size, missing: missing() };
  }
}
