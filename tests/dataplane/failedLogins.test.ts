import type { IConnectPacket } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../components/listeners/listener';
import { connackCode, connectPacket, openTcp, openTls } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const failedLogins = { perLogin: 3, periodSeconds: 600 };
/** The recorder refuses with what such a password says; right ones are all others. */
const refusedBy = (code: number): Partial<IConnectPacket> => ({
  username: 'joe',
  password: Buffer.from(`refuse ${code}`),
});
const right: Partial<IConnectPacket> = { username: 'joe', password: Buffer.from('right') };

describe.each(systems)('logins that the broker refuses, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: withLimit({ failedLogins }) }));
  });
  afterAll(() => stage.stop());

  it.each([
    ['3.1.1, wrong password', 4, 4],
    ['3.1.1, not authorized', 4, 5],
    ['5, wrong password', 5, 134],
    ['5, not authorized', 5, 135],
    ['5, banned', 5, 138],
  ] as const)('of MQTT %s: after three the balancer closes', async (what, protocolVersion, code) => {
    const login = { ...refusedBy(code), protocolVersion };
    expect(await tries(4, what, login)).toEqual([code, code, code, 'closed']);
  });

  it.each([
    ['3.1.1, unavailable', 4, 3],
    ['5, busy', 5, 137],
    ['5, quota exceeded', 5, 151],
  ] as const)(
    'of MQTT %s, which is the broker’s own trouble, do not count',
    async (what, protocolVersion, code) => {
      const login = { ...refusedBy(code), protocolVersion };
      expect(await tries(5, what, login)).toEqual([code, code, code, code, code]);
    },
  );

  it('keep nobody else out behind the same address, nor the device with its right password', async () => {
    await tries(4, 'mended', refusedBy(4));
    expect(await tries(1, 'mended', refusedBy(4))).toEqual(['closed']);
    expect(await tries(1, 'mended', right)).toEqual([0]);
    expect(await tries(1, 'another', refusedBy(4))).toEqual([4]);
    expect(await tries(1, 'mended', { ...refusedBy(4), username: 'jim' })).toEqual([4]);
  });

  it('of one address keep the same login from no other', async () => {
    await tries(4, 'claimed', refusedBy(5));
    expect(await tries(1, 'claimed', refusedBy(5))).toEqual(['closed']);
    expect(await tries(1, 'claimed', refusedBy(5), '192.0.2.102')).toEqual([5]);
  });

  it('count over TLS, and where a CONNECT comes in pieces', async () => {
    const overTls = async () => {
      const socket = await openTls(stage.target('mqtts'), { ca: stage.certificates.ca });
      socket.on('error', () => undefined);
      return connackCode(socket, connectPacket('over TLS', refusedBy(4)));
    };
    for (const expected of [4, 4, 4, 'closed']) expect(await overTls()).toBe(expected);
    const inPieces = async () => {
      const socket = await openTcp(stage.target('mqtt'));
      const packet = connectPacket('in pieces', refusedBy(4));
      socket.write(packet.subarray(0, 20));
      await new Promise((done) => setImmediate(done));
      return connackCode(socket, packet.subarray(20));
    };
    for (const expected of [4, 4, 4, 'closed']) expect(await inPieces()).toBe(expected);
  });

  it('are told with a reason, in the log and by a count', async () => {
    const before = await count('failed-login');
    await tries(4, 'told', refusedBy(4));
    expect(await count('failed-login')).toBe(before + 1);
    await eventually(() => {
      const lines = stage.balancer().log.filter((line) => line.startsWith('{'));
      expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ why: 'failed-login', id: 'told', broker: '<NOSRV>' }),
      );
    });
    expect(await stage.balancer().ask('show table logins_mqtt')).not.toMatch(/joe|refuse/);
  });

  it('pass again once the period is over', async () => {
    await stage.change(() => ({ listeners: withLimit({ failedLogins: { perLogin: 3, periodSeconds: 1 } }) }));
    expect(await tries(4, 'later', refusedBy(4))).toEqual([4, 4, 4, 'closed']);
    await eventually(async () => expect(await tries(1, 'later', refusedBy(4))).toEqual([4]));
  });

  it('of one address above its own limit leave those in that were in before, beside a limit on connections', async () => {
    const rateLimit = { connectionsPerSource: 1_000, periodSeconds: 10, sparedCidrs: [] };
    const perSource = { ...failedLogins, perLogin: 100, perSource: 5 };
    await stage.change(() => ({ listeners: withLimit({ failedLogins: perSource, rateLimit }) }));
    expect(await tries(1, 'in before', right)).toEqual([0]);
    for (let guess = 0; guess < 5; guess += 1)
      expect(await tries(1, `guess ${guess}`, refusedBy(134))).toEqual([134]);
    expect(await tries(1, 'guess 5', refusedBy(134))).toEqual(['closed']);
    expect(await tries(1, 'new here', right)).toEqual(['closed']);
    expect(await tries(2, 'in before', right)).toEqual([0, 0]);
    expect(await tries(1, 'new here', right, '192.0.2.103')).toEqual([0]);
    expect(await count('failed-source')).toBe(2);
  });

  it('of a bridge count by its whole CONNECT, since HAProxy takes no user name from that', async () => {
    await stage.change(() => ({ listeners: withLimit({ failedLogins }) }));
    const asBridge = async (login: Partial<IConnectPacket>) => {
      const packet = connectPacket('bridge', login);
      packet.writeUInt8(0x84, 8);
      return connackCode(await openTcp(stage.target('mqtt')), packet);
    };
    for (const expected of [5, 5, 5, 'closed']) expect(await asBridge(refusedBy(5))).toBe(expected);
    expect(await asBridge(right)).toBe(0);
  });

  function withLimit(limit: Partial<Listener>): Listener[] {
    return listeners({ mqtt: limit, mqtts: limit });
  }

  async function tries(
    count: number,
    clientId: string,
    login: Partial<IConnectPacket>,
    localAddress = '192.0.2.101',
  ): Promise<(number | 'closed')[]> {
    const answers: (number | 'closed')[] = [];
    for (let made = 0; made < count; made += 1) {
      const socket = await openTcp({ ...stage.target('mqtt'), localAddress });
      answers.push(await connackCode(socket, connectPacket(clientId, login)));
      socket.destroy();
    }
    return answers;
  }

  async function count(why: string): Promise<number> {
    const table = await stage.balancer().ask('show table refusals_mqtt');
    return Number(new RegExp(`key=${why} .*gpc0=(\\d+)`).exec(table)?.[1] ?? 0);
  }
});
