import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { expect, vi } from 'vitest';
import { z } from 'zod';

export const credentials = z.object({ username: z.string(), password: z.string() });
type Credentials = z.infer<typeof credentials>;

/** What most examples put out. */
export const platformOutputs = z.object({
  endpoints: z.object({ mqtts: z.string() }),
  caCertificate: z.string(),
  users: z.array(credentials),
});

export function userNamed(users: readonly Credentials[], name: string): Credentials {
  const found = users.find(({ username }) => username === name);
  if (found === undefined) throw new Error(`there is no user ${name}`);
  return found;
}

/** A client whose connection was accepted; the address may still be on its way to a balancer. */
export async function connected(url: string, options: IClientOptions): Promise<MqttClient> {
  const connect = () => connectAsync(url, { reconnectPeriod: 0, connectTimeout: 3_000, ...options });
  return vi.waitFor(connect, { timeout: 30_000, interval: 500 });
}

/** It is not let in, be it by TLS or by MQTT. */
export async function refused(url: string, options: IClientOptions): Promise<void> {
  const connect = connectAsync(url, { reconnectPeriod: 0, connectTimeout: 5_000, ...options });
  await expect(connect).rejects.toThrow();
}

/** What it publishes comes back to it. */
export async function proveRoundTrip(client: MqttClient, topic: string): Promise<void> {
  const told: string[] = [];
  client.on('message', (from, payload) => told.push(`${from}: ${payload.toString()}`));
  await client.subscribeAsync(topic, { qos: 1 });
  await client.publishAsync(topic, 'hello', { qos: 1 });
  await expect.poll(() => told, { timeout: 10_000 }).toEqual([`${topic}: hello`]);
}
