import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closesAfterMs, connectMqtt, connectPacket, inParallel, openTcp, openTls } from './stage/clients';
import { eventually } from './stage/eventually';
import { listeners, Stage, systems } from './stage/stage';

const inspectDelaySeconds = 1;

describe.each(systems)('what clients send, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let worker: number | undefined;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({
      ...{
        listeners: listeners(),
        inspectDelaySeconds,
        largestConnectBytes: 40_000,
        refuseLongKeepalive: true,
      },
    }));
    worker = (await stage.balancer().workers()).current;
  });
  afterAll(() => stage.stop());

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another packet than CONNECT', Buffer.from([0x30, 3, 0, 1, 0x61])],
    ['a CONNECT of no known protocol', Buffer.from('100f00044e4f5045040200000003616263', 'hex')],
  ])('%s is closed at once', async (_, bytes) => {
    const socket = await openTcp(stage.target('mqtt'));
    socket.write(bytes);
    expect(await closesAfterMs(socket)).toBeLessThan(700);
  });

  it.each([
    ['silence', 0],
    ['half a packet', 9],
  ])('%s is closed when the inspect delay is over', async (_, bytes) => {
    const socket = await openTcp(stage.target('mqtt'));
    if (bytes > 0) socket.write(connectPacket('half').subarray(0, bytes));
    const closed = await closesAfterMs(socket);
    expect(closed).toBeGreaterThan(inspectDelaySeconds * 500);
    expect(closed).toBeLessThan(inspectDelaySeconds * 1_000 + 1_500);
  });

  it('a CONNECT with a JWT of 32 kB passes, plain and over TLS', async () => {
    const packet = connectPacket('jwt', { username: 'u', password: Buffer.alloc(32_000, 'j') });
    await connectMqtt(await openTcp(stage.target('mqtt')), packet);
    await connectMqtt(await openTls(stage.target('mqtts'), { ca: stage.certificates.ca }), packet);
  });

  it('a CONNECT that comes byte by byte, and one with packets behind it, are served', async () => {
    const slow = await openTcp(stage.target('mqtt'));
    const packet = connectPacket('slow');
    const answered = new Promise((done) => slow.once('data', done));
    for (const byte of packet) await new Promise((done) => slow.write(Buffer.of(byte), done));
    await answered;
    const eager = await openTcp(stage.target('mqtt'));
    await connectMqtt(eager, Buffer.concat([connectPacket('eager'), Buffer.from([0xc0, 0])]));
  });

  it.each([0, 301])('a keepalive of %i is refused where that is asked for, and logged', async (keepalive) => {
    const socket = await openTcp(stage.target('mqtt'));
    const id = `refused ${keepalive}`;
    await expect(connectMqtt(socket, connectPacket(id, { keepalive }))).rejects.toThrow('closed');
    await logged({ id, keepalive: String(keepalive), end: 'PR', broker: '<NOSRV>' });
  });

  it('mutated CONNECTs never reach a broker unless they are MQTT, and leave the service answering', async () => {
    const base = connectPacket('fuzz', { username: 'user', password: Buffer.from('secret') });
    const mutation = fc.tuple(
      fc.nat(base.length - 1),
      fc.nat(255),
      fc.nat(base.length),
      fc.uint8Array({ maxLength: 20 }),
    );
    const corpus = fc.sample(mutation, { numRuns: 300, seed: 20_251_122 }).map(([at, value, cut, tail]) => {
      const bytes = Buffer.from(base);
      bytes[at] = value;
      return Buffer.concat([bytes.subarray(0, cut), tail]);
    });
    await throwAt('mqtt', corpus);
    await stillServed();
  });

  it('garbage in place of TLS, and within it, leaves the service answering', async () => {
    const records = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 400 }), {
      numRuns: 200,
      seed: 20_251_123,
    });
    const hellos = records.map((bytes) => Buffer.concat([Buffer.from('160301', 'hex'), bytes]));
    await throwAt('mqtts', [...records.map((bytes) => Buffer.from(bytes)), ...hellos]);
    await inParallel(records.slice(0, 40), 20, async (bytes) => {
      const socket = await openTls(stage.target('mqtts'), { ca: stage.certificates.ca });
      socket.on('error', () => undefined).end(bytes);
      await closesAfterMs(socket);
    });
    await stillServed();
  });

  it('thousands of half-open connections do not keep a client out, and all end', async () => {
    const silent = await inParallel(
      Array.from({ length: 5_000 }, (_, index) => index),
      100,
      async () => openTcp(stage.target('mqtt')),
    );
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('among silent ones'));
    await Promise.all(silent.map(closesAfterMs));
    await stillServed();
    await eventually(async () => {
      const current = Number(/^CurrConns: (\d+)/m.exec(await stage.balancer().ask('show info'))?.[1]);
      expect(current).toBeLessThan(100);
    });
  });

  it.each([0, 301])('a keepalive of %i is served and logged by default', async (keepalive) => {
    if (keepalive === 0)
      await stage.change(() => ({ listeners: listeners(), inspectDelaySeconds, refuseLongKeepalive: false }));
    const socket = await openTcp(stage.target('mqtt'));
    const id = `served ${keepalive}`;
    await connectMqtt(socket, connectPacket(id, { keepalive }));
    socket.destroy();
    await logged({ id, keepalive: String(keepalive), broker: expect.stringMatching(/^emqx-/) as string });
  });

  async function logged(session: Readonly<Record<string, string>>): Promise<void> {
    await eventually(() => {
      const lines = stage.balancer().log.filter((line) => line.startsWith('{'));
      expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(expect.objectContaining(session));
    });
  }

  async function throwAt(name: 'mqtt' | 'mqtts', corpus: readonly Buffer[]): Promise<void> {
    const brokersSaw = stage.brokers.seen.length;
    await inParallel(corpus, 100, async (bytes) => {
      const socket: Socket = await openTcp(stage.target(name));
      socket.end(bytes);
      await closesAfterMs(socket.setTimeout(3_000, () => socket.destroy()));
    });
    for (const { outcome, connect } of stage.brokers.seen.slice(brokersSaw)) {
      // HAProxy and the recorder judge alike what is a CONNECT but for fields that only a broker can judge.
      expect(connect?.protocolName ?? outcome).toMatch(/^(MQTT|MQIsdp|refused: .*)$/);
    }
  }

  async function stillServed(): Promise<void> {
    const id = `after-${randomBytes(4).toString('hex')}`;
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket(id));
    await connectMqtt(await openTls(stage.target('mqtts'), { ca: stage.certificates.ca }), connectPacket(id));
    expect((await stage.balancer().workers()).current).toBe(worker);
  }
});
