import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drainPace } from '../../components/brokers/draining';
import { brokerAddresses } from '../../proving/stage/brokers';
import { answersPing, connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const reloads = 20;
/** haproxy-watch keeps so many; of the ones before them it closes `perSecond` sessions a second. */
const keptWorkers = 3;
const small = { maxConnections: 2_000 };
const few = listeners({ mqtt: small, mqtts: small, ws: small, wss: small });
const { perSecond } = drainPace(few, brokerAddresses.length);

/** A connection; how many reloads were over when it opened, and how many had begun when it closed. */
interface Connection {
  readonly id: string;
  readonly socket: Socket;
  readonly opened: number;
  closed?: { readonly reloads: number; readonly atMs: number };
}

describe.each(systems)('reloads with clients that stay, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: few }));
  });
  afterAll(() => stage.stop());

  it('lose no connection while it is in one of the newest workers, and refuse no client', async () => {
    const clients = new Clients(stage);
    const stopConnecting = clients.connectAllTheTime();
    // More than a second's share, so that the pace shows.
    await clients.open(Array.from({ length: 250 }, (_, index) => `first-${index}`));
    for (let made = 0; made < reloads; made += 1) {
      await clients.meanwhile(() => stage.balancer().reload());
      await clients.open([`${made}-a`, `${made}-b`]);
    }
    await expect
      .poll(async () => (await stage.balancer().workers()).old.length, { timeout: 20_000 })
      .toBeLessThanOrEqual(keptWorkers);
    expect(await stopConnecting()).toEqual([]);

    for (const { opened, closed } of clients.connections)
      if (closed !== undefined) expect(closed.reloads - opened).toBeGreaterThan(keptWorkers);
    const lost = clients.connections.flatMap(({ closed }) => closed?.atMs ?? []);
    expect(lost.length).toBeGreaterThanOrEqual(250);
    const inHalfASecond = lost.map((at) => lost.filter((other) => other >= at && other < at + 500).length);
    expect(Math.max(...inHalfASecond)).toBeLessThanOrEqual(perSecond);

    const living = () => clients.connections.filter(({ closed }) => closed === undefined);
    // The last that were cut off may still be on their way back.
    await expect.poll(() => new Set(living().map(({ id }) => id)).size).toBe(250 + 2 * reloads);
    expect((await Promise.all(living().map(({ socket }) => answersPing(socket)))).every(Boolean)).toBe(true);
  });
});

/** Clients that come back as soon as they are cut off. */
class Clients {
  private readonly reloads = { begun: 0, over: 0 };
  readonly connections: Connection[] = [];

  constructor(private readonly stage: Stage) {}

  async meanwhile(reload: () => Promise<void>): Promise<void> {
    this.reloads.begun += 1;
    await reload();
    this.reloads.over += 1;
  }

  async open(ids: readonly string[]): Promise<void> {
    await inParallel(ids, 20, (id) => this.openOne(id));
  }

  /** Connects one client after the other until told to stop; why any of them failed. */
  connectAllTheTime(): () => Promise<string[]> {
    const stop = new AbortController();
    const failures: string[] = [];
    const connecting = (async () => {
      while (!stop.signal.aborted)
        await this.connect('passing')
          .then((socket) => socket.destroy())
          .catch((error: unknown) => failures.push(String(error)));
    })();
    return async () => {
      stop.abort();
      await connecting;
      return failures;
    };
  }

  private async openOne(id: string): Promise<void> {
    const opened = this.reloads.over;
    const connection: Connection = { id, socket: await this.connect(id), opened };
    this.connections.push(connection);
    connection.socket.resume().once('close', () => {
      connection.closed = { reloads: this.reloads.begun, atMs: performance.now() };
      // Once, as a client does: a second failure leaves it out of those that live in the end.
      void this.openOne(id).catch(() => undefined);
    });
  }

  private async connect(id: string): Promise<Socket> {
    const socket = await openTcp(this.stage.target('mqtt'));
    await connectMqtt(socket, connectPacket(id));
    return socket;
  }
}
