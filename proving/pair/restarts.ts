import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { HolderWatch } from './holderWatch';
import { epochMs } from './probes';
import type { Target } from './target';

/** The programs that stay on a host, where they run. */
const residents = [
  { unit: 'haproxy-watch', on: 'balancer' },
  { unit: 'vip-agent', on: 'balancer' },
  { unit: 'broker-agent', on: 'broker' },
] as const;

const longestPauseMs = 300;
/** How many clients connect at a time: a storm is another matter. */
const atOnce = 50;
const settleMs = 3_000;

export interface Restarts {
  readonly clients: number;
  /** Kills and orderly restarts, of each program. */
  readonly ofEach: number;
  /** Connections that ended meanwhile. */
  readonly closed: number;
  /** Interfaces that had the address, one after the other. */
  readonly holders: number;
  /** Lines of HAProxy that say that a broker is down, drained or in maintenance. */
  readonly leftRotation: readonly string[];
}

/**
 * Kills and restarts each resident program so many times, at random moments and on hosts at random, while clients are
 * connected.
 */
export async function restartResidents(
  target: Target,
  brokers: readonly string[],
  ofEach: number,
  clientCount: number,
  say: (line: string) => void,
): Promise<Restarts> {
  const clients = await connectMany(target, clientCount);
  let closed = 0;
  for (const client of clients) client.on('close', () => (closed += 1));
  const watch = new HolderWatch(target);
  const since = epochMs();
  const hosts = { balancer: target.balancers, broker: brokers };
  for (let round = 1; round <= ofEach; round += 1) {
    for (const { unit, on } of residents) {
      const host = anyOf(hosts[on]);
      const verb = anyOf(['kill --signal=KILL', 'restart']);
      await target.shell(host, `systemctl ${verb} ${unit}`);
      await pause(Math.random() * longestPauseMs);
    }
    if (round % 10 === 0) say(`${round} of ${ofEach}, ${closed} connections ended`);
  }
  await pause(settleMs);
  const leftRotation = await leftRotationSince(target, since);
  const { holders } = await watch.end();
  const result = { clients: clients.length, ofEach, closed, holders: holders.length, leftRotation };
  await Promise.all(clients.map((client) => client.endAsync(true)));
  return result;
}

async function connectMany({ host, port, user }: Target, count: number): Promise<readonly MqttClient[]> {
  const clients: MqttClient[] = [];
  while (clients.length < count) {
    const ids = Array.from(
      { length: Math.min(atOnce, count - clients.length) },
      (_, index) => `restarts-${clients.length + index}`,
    );
    const options = { ...user, keepalive: 30, reconnectPeriod: 0 };
    const connected = ids.map((clientId) => connectAsync(`mqtt://${host}:${port}`, { ...options, clientId }));
    clients.push(...(await Promise.all(connected)));
  }
  for (const client of clients) client.on('error', () => undefined);
  return clients;
}

async function leftRotationSince(target: Target, since: number): Promise<readonly string[]> {
  const script = `journalctl --quiet --output=cat --unit=haproxy --since=@${(since / 1_000).toFixed(3)}`;
  const journals = await Promise.all(target.balancers.map((name) => target.shell(name, script)));
  return journals
    .flatMap((journal) => journal.split('\n'))
    .filter((line) => /Server brokers_\S+ .*(DOWN|drain|maintenance|stopping)/i.test(line));
}

function anyOf<T>(among: readonly T[]): T {
  const found = among[Math.floor(Math.random() * among.length)];
  if (found === undefined) throw new Error('nothing to choose from');
  return found;
}
