import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closesAfterMs, connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, quickChecks, Stage, systems } from '../../proving/stage/stage';

interface Client {
  readonly id: string;
  readonly socket: Socket;
  readonly broker: string;
}

/** How long the slowest client may wait on a busy test host; what is usual, a third of it, is the benchmark's to show. */
const limitSeconds = 3;

describe.each(systems)('brokers that fail, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let clients: Client[];
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners(), healthCheck: quickChecks }));
  });
  beforeEach(async () => {
    await allUp();
    clients = await connectAll(60);
  });
  afterEach(() => clients.forEach(({ socket }) => socket.destroy()));
  afterAll(() => stage.stop());

  it.each([
    ['killed', 'before'],
    ['killed', 'after'],
    ['frozen', 'before'],
    ['frozen', 'after'],
  ] as const)(
    'clients of a %s broker are served by others, %s a reload, and no others are cut',
    async (fault, when) => {
      if (when === 'after') {
        await stage.balancer().reload();
        await allUp();
        clients.push(...(await connectAll(30, 'later')));
      }
      const lost = of('emqx-2');
      const begun = performance.now();
      const served = lost.map(async ({ id, socket }) => {
        await closesAfterMs(socket);
        const broker = await serve(id);
        return { broker, seconds: (performance.now() - begun) / 1_000 };
      });
      const { machine } = stage.brokers.named('emqx-2');
      await machine.signal(fault === 'killed' ? 'KILL' : 'STOP');
      for (const { broker, seconds } of await Promise.all(served)) {
        expect(broker).not.toBe('emqx-2');
        expect(seconds).toBeLessThan(limitSeconds);
      }
      expect([...of('emqx-1'), ...of('emqx-3')].filter(({ socket }) => socket.closed)).toEqual([]);
      await (fault === 'killed' ? stage.brokers.restart('emqx-2') : machine.signal('CONT'));
    },
  );

  it('closes no session once fewer than half of the brokers look alive, and serves on', async () => {
    await stage.brokers.named('emqx-2').machine.signal('STOP');
    await Promise.all(of('emqx-2').map(({ socket }) => closesAfterMs(socket)));
    await stage.brokers.named('emqx-3').machine.signal('STOP');
    await stage.balancer().sees(/^DOWN/, 'emqx-3');
    await watcherRounds(20);
    expect([...of('emqx-1'), ...of('emqx-3')].filter(({ socket }) => socket.closed)).toEqual([]);
    expect(await serve(of('emqx-1')[0]?.id ?? '')).toBe('emqx-1');
    await Promise.all(['emqx-2', 'emqx-3'].map((name) => stage.brokers.named(name).machine.signal('CONT')));
  });

  it('a broker that drains gets no new clients, loses its own, and drains on after a reload', async () => {
    const broker = stage.brokers.named('emqx-3');
    const leaving = of('emqx-3');
    broker.agent('drain');
    await Promise.all(leaving.map(({ socket }) => closesAfterMs(socket)));
    for (const { id } of leaving) expect(await serve(id)).not.toBe('emqx-3');
    await stage.balancer().reload();
    await stage.balancer().sees(/^DRAIN/, 'emqx-3');
    broker.agent('up ready 100%');
    await stage.balancer().sees(/^UP$/, 'emqx-3');
    expect(await serve(leaving[0]?.id ?? '')).toBe('emqx-3');
  });

  it("a broker's agent weighs it", async () => {
    stage.brokers.named('emqx-1').agent('up ready 50%');
    await eventually(async () => {
      const table = await stage.balancer().ask('show stat');
      const row = table.split('\n').find((line) => line.startsWith('brokers_mqtt,emqx-1,'));
      expect(row?.split(',')[18]).toBe('50');
    });
    stage.brokers.named('emqx-1').agent('up ready 100%');
  });

  async function allUp(): Promise<void> {
    for (const { name } of stage.brokers.all)
      await stage.balancer().sees(/^UP$/, name, 'brokers_mqtt', 10_000);
  }

  function of(broker: string): Client[] {
    const found = clients.filter((client) => client.broker === broker);
    expect(found.length).toBeGreaterThan(5);
    return found;
  }

  /** Lets the watcher look so many times; each time it tells Keepalived. */
  async function watcherRounds(count: number): Promise<void> {
    const texts = new Set<string>();
    await eventually(
      async () => {
        texts.add(await stage.balancer().machine.run(['stat', '--format', '%y', wordOfTheWatcher]));
        expect(texts.size).toBeGreaterThan(count);
      },
      { timeoutMs: 10_000 },
    );
  }

  async function connectAll(count: number, kind = 'device'): Promise<Client[]> {
    const ids = Array.from({ length: count }, (_, index) => `${kind}-${index}`);
    return inParallel(ids, 20, async (id) => {
      const seen = stage.brokers.sees(id);
      const socket = await openTcp(stage.target('mqtt'));
      await connectMqtt(socket, connectPacket(id));
      return { id, socket, broker: (await seen).broker };
    });
  }

  /** Tries until a broker answers, as a client that reconnects does, and says which. */
  async function serve(id: string): Promise<string> {
    const attempt = async () => {
      const seen = stage.brokers.sees(id);
      const socket = await openTcp(stage.target('mqtt'));
      socket.setTimeout(2_000, () => socket.destroy());
      await connectMqtt(socket, connectPacket(id));
      const { broker } = await seen;
      socket.destroy();
      return broker;
    };
    return eventually(attempt, { timeoutMs: 8_000, intervalMs: 10 });
  }
});

/** Told at every look. */
const wordOfTheWatcher = '/run/emqx-haproxy/fault/haproxy';
