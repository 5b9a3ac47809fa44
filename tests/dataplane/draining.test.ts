import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Balancing } from '../../components/listeners/balancing';
import { closesAfterMs, connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const methods: readonly Balancing[] = [
  { method: 'clientId' },
  { method: 'clientIdTable', entries: 3_000, expireSeconds: 600, keyLength: 128 },
  { method: 'roundRobin' },
  { method: 'leastConnections' },
  { method: 'sourceAddress' },
];

/** A client that comes back as soon as it is cut off, for as long as the test goes on. */
interface Client {
  readonly id: string;
  socket: Socket;
  broker: string;
}

describe.each(systems)('a broker that drains, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  const over = new AbortController();
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners() }), 2);
  });
  afterAll(async () => {
    over.abort();
    await stage.stop();
  });

  it.each(methods)('is emptied and stays empty, by $method', async (balancing) => {
    await stage.change(() => ({ listeners: listeners({ mqtt: { balancing } }) }));
    await allAre(/^UP$/);
    const clients = await inParallel(
      Array.from({ length: 30 }, (_, index) => `${balancing.method}/${index}`),
      10,
      connect,
    );
    // By source address they all have the same.
    const drained = clients[0]?.broker ?? '';
    stage.brokers.named(drained).agent('drain');
    await Promise.all([0, 1].map((index) => stage.balancer(index).sees(/^DRAIN/, drained)));
    await eventually(
      () => {
        expect(brokersOf(clients)).not.toContain(drained);
        expect(brokersOf(clients)).not.toContain('none');
      },
      { timeoutMs: 30_000 },
    );
    expect(await openSessions(drained)).toBe(0);
    stage.brokers.named(drained).agent('up ready 100%');
    await allAre(/^UP$/);
    over.signal.throwIfAborted();
    clients.forEach(({ socket }) => socket.removeAllListeners('close').destroy());
  });

  it('beside one that freezes leaves the clients of that to the third', async () => {
    await stage.change(() => ({ listeners: listeners(), healthCheck: quick }));
    await allAre(/^UP$/);
    const clients = await inParallel(
      Array.from({ length: 30 }, (_, index) => `frozen/${index}`),
      10,
      connect,
    );
    stage.brokers.named('emqx-3').agent('drain');
    await stage.balancer().sees(/^DRAIN/, 'emqx-3');
    const { machine } = stage.brokers.named('emqx-2');
    await machine.signal('STOP');
    await eventually(() => expect(brokersOf(clients)).toEqual(clients.map(() => 'emqx-1')), {
      timeoutMs: 30_000,
    });
    await machine.signal('CONT');
    stage.brokers.named('emqx-3').agent('up ready 100%');
    await allAre(/^UP$/);
    clients.forEach(({ socket }) => socket.removeAllListeners('close').destroy());
  });

  /** Of those that are connected: `none` stands for a client on its way back. */
  function brokersOf(clients: readonly Client[]): readonly string[] {
    return clients.map(({ broker, socket }) => (socket.closed ? 'none' : broker));
  }

  const quick = { port: 18083, intervalMs: 200, timeoutMs: 1_000, fall: 2, rise: 2 };

  async function connect(id: string): Promise<Client> {
    const client: Client = { id, ...(await open(id)) };
    comeBack(client);
    return client;
  }

  function comeBack(client: Client): void {
    client.socket.resume().once('close', () => {
      if (over.signal.aborted) return;
      void eventually(async () => Object.assign(client, await open(client.id)), { timeoutMs: 30_000 }).then(
        () => comeBack(client),
      );
    });
  }

  async function open(id: string): Promise<{ readonly socket: Socket; readonly broker: string }> {
    const seen = stage.brokers.sees(id);
    const socket = await openTcp(stage.target('mqtt'));
    await Promise.race([
      connectMqtt(socket, connectPacket(id)),
      closesAfterMs(socket).then(() => Promise.reject(new Error('cut off'))),
    ]);
    return { socket, broker: (await seen).broker };
  }

  async function openSessions(broker: string): Promise<number> {
    const table = await stage.balancer().ask('show stat');
    return Number(
      table
        .split('\n')
        .find((line) => line.startsWith(`brokers_mqtt,${broker},`))
        ?.split(',')[4],
    );
  }

  async function allAre(status: RegExp): Promise<void> {
    const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
    await Promise.all(
      [0, 1].flatMap((index) => brokers.map((broker) => stage.balancer(index).sees(status, broker))),
    );
  }
});
