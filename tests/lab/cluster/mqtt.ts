import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';

/** A client that stays connected and does not come back by itself, so that a lost connection shows. */
export async function connectOnce(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  return connectAsync(url, { reconnectPeriod: 0, connectTimeout: 3_000, ...options });
}

/** Tries until a client is served or the time is over; gives how long it took. */
export async function servedWithinMs(url: string, limitMs: number): Promise<number> {
  const begun = Date.now();
  for (;;) {
    try {
      const client = await connectOnce(url, { connectTimeout: 500 });
      await client.endAsync(true);
      return Date.now() - begun;
    } catch (error) {
      if (Date.now() - begun > limitMs)
        throw new Error(`nobody was served at ${url} within ${limitMs} ms`, { cause: error });
    }
  }
}
