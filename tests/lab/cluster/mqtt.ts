import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Outputs } from './lab';

/** A client of a stack's mqtt listener that stays connected and does not come back by itself, so that a lost connection shows. */
export async function connectOnce(stack: Outputs, options: IClientOptions = {}): Promise<MqttClient> {
  const url = stack.endpoints['mqtt'] ?? '';
  return connectAsync(url, { ...stack.users[0], reconnectPeriod: 0, connectTimeout: 3_000, ...options });
}

/** Tries until a client is served or the time is over; gives how long it took. */
export async function servedWithinMs(stack: Outputs, limitMs: number): Promise<number> {
  const begun = Date.now();
  for (;;) {
    try {
      const client = await connectOnce(stack, { connectTimeout: 500 });
      await client.endAsync(true);
      return Date.now() - begun;
    } catch (error) {
      if (Date.now() - begun > limitMs)
        throw new Error(`nobody was served at ${stack.endpoint} within ${limitMs} ms`, { cause: error });
    }
  }
}
