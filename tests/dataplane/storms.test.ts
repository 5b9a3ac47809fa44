import type { Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersPing, connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const slow = 'emqx-2';
/** Connections that wait until the slow broker accepts them; the kernel drops what comes beyond. */
const acceptQueue = 16;

describe.each(systems)('a storm of new clients, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners() }));
    const { machine } = stage.brokers.named(slow);
    await machine.run(['sh', '-c', `echo ${acceptQueue} >/proc/sys/net/core/somaxconn`]);
    await machine.signal('KILL');
    await stage.brokers.restart(slow);
    await stage.balancer().sees(/^UP$/, slow, 'brokers_mqtt', 15_000);
  });
  afterAll(() => stage.stop());

  it('of mqtt.js, all cut at once, is back by its own tries, with no broker marked down', async () => {
    const { host, port } = stage.target('mqtt');
    const fleet = await inParallel(named('fleet', 200), 20, (clientId) =>
      connectAsync(`mqtt://${host}:${port}`, { clientId, reconnectPeriod: 200 }),
    );
    const before = await facts();
    const back = fleet.map(async (client) => {
      // A try that fails is told as an error, and another follows.
      client.on('error', () => undefined);
      return new Promise<void>((resolve) => client.once('connect', () => resolve()));
    });
    for (const broker of ['emqx-1', slow, 'emqx-3'])
      await stage.balancer().ask(`shutdown sessions server brokers_mqtt/${broker}`);
    await Promise.all(back);
    expect(await facts()).toMatchObject({ status: 'UP', timesDown: before.timesDown });
    await Promise.all(fleet.map((client) => client.endAsync()));
  });

  it('on a broker that accepts slowly marks none down, cuts no session, and is served in the end', async () => {
    const healthy = await inParallel(named('healthy', 120), 20, connect);
    const before = await facts();
    const accepting = async (signal: 'STOP' | 'CONT') =>
      stage.brokers.named(slow).machine.run(['pkill', `-${signal}`, '--full', 'port 1883']);

    await accepting('STOP');
    const served = inParallel(named('storm', 400), 400, async (id) =>
      eventually(() => connect(id), { timeoutMs: 15_000, intervalMs: 100 }),
    );
    await eventually(async () => expect((await facts()).errors).toBeGreaterThan(before.errors + 50), {
      timeoutMs: 10_000,
    });
    expect(await facts()).toMatchObject({ status: 'UP', timesDown: before.timesDown });
    await accepting('CONT');

    const storm = await served;
    const alive = await Promise.all([...healthy, ...storm].map(answersPing));
    expect(alive.filter((lives) => !lives)).toEqual([]);
    expect(await facts()).toMatchObject({ status: 'UP', timesDown: before.timesDown });
    expect(await stage.balancer().machine.run(['cat', watcherMetrics])).toContain('closed_down_total 0\n');
  });

  /** What HAProxy says of the slow broker. */
  async function facts(): Promise<{
    readonly status: string | undefined;
    readonly timesDown: number;
    readonly errors: number;
  }> {
    const [names = '', ...rows] = (await stage.balancer().ask('show stat')).split('\n');
    const values = rows.find((row) => row.startsWith(`brokers_mqtt,${slow},`))?.split(',') ?? [];
    const value = (name: string) => values[names.replace('# ', '').split(',').indexOf(name)];
    return {
      status: value('status'),
      timesDown: Number(value('chkdown')),
      errors: Number(value('wretr')) + Number(value('econ')),
    };
  }

  async function connect(id: string): Promise<Socket> {
    const socket = await openTcp(stage.target('mqtt'));
    await connectMqtt(socket, connectPacket(id));
    return socket;
  }
});

const watcherMetrics = '/run/emqx-haproxy/metrics/watch.prom';

function named(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}
