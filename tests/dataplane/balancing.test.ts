import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerView } from '../../components/balancers/view';
import type { Balancing } from '../../components/listeners/balancing';
import { connectMqtt, connectPacket, inParallel, openTcp } from '../../proving/stage/clients';
import { clientAddresses } from '../../proving/stage/network';
import { listeners, Stage, systems } from '../../proving/stage/stage';
import { entriesOf, fillTable, readTable } from '../../proving/stage/stickTable';

const ids = numbers(3_000).map((index) => `sensor/${index * 7919}/north-wing`);
const few = ids.slice(0, 150);

describe.each(systems)('balancing on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let home: ReadonlyMap<string, string>;

  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners() }), 2);
    await Promise.all([0, 1].map((index) => stage.balancer(index).sees(/^UP$/, 'emqx-3')));
  });
  afterAll(() => stage.stop());

  it('client ids: 3,000 are spread over three brokers within 10 %', async () => {
    home = await brokersOf(ids);
    for (const count of counts(home).values()) expect(Math.abs(count - 1_000)).toBeLessThanOrEqual(100);
    expect(counts(home).size).toBe(3);
  });

  it('client ids: each finds its broker again through the other balancer, and after a reload', async () => {
    expect(same(home, await brokersOf(ids, { through: 1 }))).toBe(ids.length);
    await stage.balancer().reload();
    expect(same(home, await brokersOf(ids))).toBe(ids.length);
  });

  it('client ids: an empty one is served too', async () => {
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('', { clean: true }));
  });

  it('client ids: a weight moves the share, and only towards the heavier brokers', async () => {
    await balanceBy({ method: 'clientId' }, [100, 100, 50]);
    const now = await brokersOf(ids);
    const share = (counts(now).get('emqx-3') ?? 0) / ids.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
    for (const [id, broker] of now) if (broker === 'emqx-3') expect(home.get(id)).toBe('emqx-3');
  });

  it('client ids in a table: kept by the other balancer and over a reload, long ids apart', async () => {
    await balanceBy({ method: 'clientIdTable', entries: 3_000, expireSeconds: 60, keyLength: 128 });
    const long = ids.slice(0, 1_800).map((id) => `a-prefix-that-is-longer-than-32-characters/${id}`);
    const first = await brokersOf(long);
    for (const count of counts(first).values()) expect(Math.abs(count - 600)).toBeLessThanOrEqual(60);
    // A client that comes before its entry has reached the other balancer may be sent elsewhere.
    const knows = async (index: number) =>
      expect
        .poll(() => stage.balancer(index).ask('show table brokers_mqtt'), { timeout: 10_000 })
        .toMatch(new RegExp(`used:${long.length}\\b`));
    await knows(1);
    expect(same(first, await brokersOf(long, { through: 1 }))).toBe(long.length);
    await stage.balancer().reload();
    await knows(0);
    expect(same(first, await brokersOf(long))).toBe(long.length);
  });

  it('client ids in a table: 50,000 are with their brokers after five reloads in a row, and with the other balancer', async () => {
    await balanceBy({ method: 'clientIdTable', entries: 60_000, expireSeconds: 3_600, keyLength: 64 });
    const homes = new Map(numbers(50_000).map((index) => [`meter-${index}`, (index % 3) + 1]));
    await fillTable(stage.balancer(), 'brokers_mqtt', homes);
    const known = async (index: number) =>
      expect
        .poll(() => entriesOf(stage.balancer(index), 'brokers_mqtt'), { timeout: 20_000 })
        .toBe(homes.size);
    await known(1);
    for (let made = 0; made < 5; made += 1) await stage.balancer().reload();
    await known(0);
    for (const index of [0, 1]) expect(await readTable(stage.balancer(index), 'brokers_mqtt')).toEqual(homes);
    const some = [...homes].filter((_, index) => index % 500 === 0);
    const found = await brokersOf(some.map(([id]) => id));
    expect([...found].toSorted()).toEqual(some.map(([id, broker]) => [id, `emqx-${broker}`]).toSorted());
  });

  it('round robin: equal shares, by weight', async () => {
    await balanceBy({ method: 'roundRobin' }, [100, 100, 200]);
    const found = counts(await brokersOf(few.slice(0, 120)));
    expect([...found].sort()).toEqual([
      ['emqx-1', 30],
      ['emqx-2', 30],
      ['emqx-3', 60],
    ]);
  });

  it('least connections: the broker with the fewest open ones gets the next', async () => {
    await balanceBy({ method: 'leastConnections' });
    const open = await Promise.all(
      few.slice(0, 30).map(async (id) => {
        const seen = stage.brokers.sees(id);
        const socket = await openTcp(stage.target('mqtt'));
        await connectMqtt(socket, connectPacket(id));
        return { socket, broker: (await seen).broker };
      }),
    );
    const emptied = open.filter(({ broker }) => broker === 'emqx-2');
    expect(emptied).toHaveLength(10);
    emptied.forEach(({ socket }) => socket.destroy());
    await expect.poll(() => openSessions('emqx-2')).toBe(0);
    const next = await brokersOf(['after/1', 'after/2', 'after/3'], { width: 1, keep: true });
    expect([...next.values()]).toEqual(['emqx-2', 'emqx-2', 'emqx-2']);
    open.forEach(({ socket }) => socket.destroy());
  });

  it('source address: one address one broker, and not all addresses the same', async () => {
    await balanceBy({ method: 'sourceAddress' });
    const homes = await Promise.all(
      clientAddresses.map(async (localAddress) => {
        const found = await brokersOf([`${localAddress}/1`, `${localAddress}/2`, `${localAddress}/3`], {
          localAddress,
        });
        expect(counts(found).size).toBe(1);
        return [...found.values()][0];
      }),
    );
    expect(new Set(homes).size).toBeGreaterThan(1);
  });

  async function balanceBy(balancing: Balancing, weights = [100, 100, 100]): Promise<void> {
    await stage.change(() => ({ listeners: listeners({ mqtt: { balancing } }), ...weighted(weights) }));
    await Promise.all([0, 1].map((index) => stage.balancer(index).sees(/^UP$/, 'emqx-3')));
  }

  function weighted(weights: readonly number[]): Pick<BalancerView, 'brokers'> {
    return {
      brokers: stage.brokers.all.map(({ name, address }, index) => ({
        ...{ name, address, id: index + 1, weight: weights[index] ?? 100 },
      })),
    };
  }

  /** Which broker each client id gets. */
  async function brokersOf(
    clientIds: readonly string[],
    { through = 0, width = 20, keep = false, localAddress = undefined as string | undefined } = {},
  ): Promise<Map<string, string>> {
    const target = {
      ...stage.target('mqtt', through),
      ...(localAddress === undefined ? {} : { localAddress }),
    };
    const found = await inParallel(clientIds, width, async (id) => {
      const seen = stage.brokers.sees(id);
      const socket = await openTcp(target);
      await connectMqtt(socket, connectPacket(id));
      const { broker } = await seen;
      if (!keep) socket.destroy();
      return [id, broker] as const;
    });
    return new Map(found);
  }

  async function openSessions(broker: string): Promise<number> {
    const row = (await stage.balancer().ask('show stat'))
      .split('\n')
      .find((line) => line.startsWith(`brokers_mqtt,${broker},`));
    return Number(row?.split(',')[4]);
  }
});

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function counts(homes: ReadonlyMap<string, string>): Map<string, number> {
  const found = new Map<string, number>();
  for (const broker of homes.values()) found.set(broker, (found.get(broker) ?? 0) + 1);
  return found;
}

/** How many ids have the same broker in both. */
function same(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): number {
  return [...now].filter(([id, broker]) => before.get(id) === broker).length;
}
