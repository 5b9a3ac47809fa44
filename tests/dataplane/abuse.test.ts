import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closesAfterMs,
  connectMqtt,
  connectPacket,
  inParallel,
  openTcp,
  openTls,
} from '../../proving/stage/clients';
import type { Seen } from '../../proving/stage/brokers';
import {
  firstBytes,
  malformedProperties,
  protocolLevels,
  webSocketFrames,
  webSocketOpenings,
} from '../../proving/stage/corpus';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

/** What `log ... len` of haproxy.cfg allows, and the line's priority before it. */
const longestLogLine = 2_048 + 5;
const largestConnectBytes = 40_000;
/** Connections that are thrown things at. */
const atOnce = 100;

describe.each(systems)('what clients must not be able to do, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let worker: number | undefined;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({
      ...{ listeners: listeners(), inspectDelaySeconds: 1, largestConnectBytes },
    }));
    worker = (await stage.balancer().workers()).current;
  });
  afterAll(() => stage.stop());

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

  it('of all first bytes that of a CONNECT alone leads to a broker', async () => {
    const served = await reached(() => throwAt('mqtt', firstBytes()));
    expect(new Set(served.map(({ connect }) => connect?.clientId))).toEqual(new Set(['first byte']));
    expect(served).toHaveLength(1);
  });

  it('of all protocol levels those of MQTT and its bridges lead to a broker', async () => {
    const served = await reached(() => throwAt('mqtt', protocolLevels()));
    expect(served.map(({ connect }) => connect?.clientId).toSorted()).toEqual(
      ['MQIsdp-3', 'MQIsdp-131', 'MQTT-4', 'MQTT-132', 'MQTT-5'].toSorted(),
    );
  });

  it.each([
    ['all first bytes', 'mqtt', firstBytes],
    ['all protocol levels', 'mqtt', protocolLevels],
    ['each property of MQTT 5, malformed', 'mqtt', malformedProperties],
    ['requests in place of one that opens a WebSocket', 'ws', webSocketOpenings],
    ['the same over TLS', 'wss', webSocketOpenings],
  ] as const)('%s: no restart, no growth, and others are served meanwhile', async (_, name, corpus) => {
    const openedBefore = stage.brokers.websockets.length;
    await harmless(name, corpus());
    const opened = stage.brokers.websockets.slice(openedBefore);
    // The host and the query are the client's to choose, and the path is not.
    for (const { websocket } of opened) expect(websocket).toMatch(/^(http:\/\/x)?\/mqtt(\?token=x)?$/);
  });

  it.each([
    ['frames of a WebSocket as nobody should send them', 'ws'],
    ['the same over TLS', 'wss'],
  ] as const)('%s: no restart, no growth, and others are served meanwhile', async (_, name) => {
    const corpus = webSocketFrames();
    const openedBefore = stage.brokers.websockets.length;
    await harmless(name, corpus, opening);
    // A frame that never came past the balancer would prove nothing.
    await eventually(() => expect(stage.brokers.websockets.length - openedBefore).toBe(corpus.length * 2));
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

  it('a client id of 30 kB, or a path, makes no longer a line in the log', async () => {
    const long = 'x'.repeat(30_000);
    const before = stage.balancer().log.length;
    const socket = await openTcp(stage.target('mqtt'));
    await connectMqtt(socket, connectPacket(long));
    socket.destroy();
    const { host, port } = stage.target('ws');
    await fetch(`http://${host}:${port}/${long.slice(0, 8_000)}`);
    const lines = await eventually(() => {
      const found = stage.balancer().log.slice(before);
      expect(found.length).toBeGreaterThanOrEqual(2);
      return found;
    });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(longestLogLine);
  });

  it('slow senders on every listener keep nobody out, and are closed', async () => {
    const slow = await Promise.all(
      (
        [
          ['mqtt', connectPacket('slow')],
          ['mqtts', Buffer.from('16030100ff010000fb0303', 'hex')],
          ['ws', Buffer.from('GET /mqtt HTTP/1.1\r\nHost: x\r\n')],
          ['wss', Buffer.from('16030100ff010000fb0303', 'hex')],
        ] as const
      ).map(async ([name, bytes]) => {
        const sockets = await inParallel(numbers(250), 50, () => openTcp(stage.target(name)));
        sockets.forEach((socket) => dripping(socket, bytes));
        return sockets;
      }),
    );
    await stillServed();
    await Promise.all(slow.flat().map(closesAfterMs));
    await stillServed();
  });

  it('thousands of half-open connections keep nobody out, and neither memory nor log grows with them', async () => {
    const first = await afterSilentOnes(4_000);
    const second = await afterSilentOnes(4_000);
    expect(second.memoryKb).toBeLessThan(first.memoryKb * 1.05);
    expect(second.logLines - first.logLines).toBeLessThan(100);
  });

  /** Lets so many connect and say nothing until they are closed; what the balancer has grown to then. */
  async function afterSilentOnes(count: number): Promise<{ memoryKb: number; logLines: number }> {
    const before = await connections();
    const silent = await inParallel(numbers(count), 100, () => openTcp(stage.target('mqtt')));
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('among silent ones'));
    await Promise.all(silent.map(closesAfterMs));
    await stillServed();
    await eventually(async () => {
      expect(await connections()).toBeLessThan(before + 100);
    });
    return { memoryKb: await memoryKb(), logLines: stage.balancer().log.length };
  }

  async function connections(): Promise<number> {
    return Number(/^CurrConns: (\d+)/m.exec(await stage.balancer().ask('show info'))?.[1]);
  }

  async function memoryKb(): Promise<number> {
    const status = await stage.balancer().machine.run(['cat', `/proc/${worker ?? 0}/status`]);
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  }

  /** Those that brokers accept while something is done. */
  async function reached(task: () => Promise<void>): Promise<readonly Seen[]> {
    const before = stage.brokers.seen.length;
    await task();
    await stillServed();
    return stage.brokers.seen
      .slice(before)
      .filter(
        ({ outcome, connect }) => outcome === 'accepted' && connect?.clientId.startsWith('after-') === false,
      );
  }

  /** Clients one after the other, over TLS too, for as long as something is done: none of them waits long. */
  async function servedMeanwhile<T>(task: () => Promise<T>): Promise<T> {
    const doing = { done: false };
    const result = task().finally(() => (doing.done = true));
    let slowestMs = 0;
    do {
      const begun = performance.now();
      await stillServed();
      slowestMs = Math.max(slowestMs, performance.now() - begun);
    } while (!doing.done);
    expect(slowestMs).toBeLessThan(5_000);
    return result;
  }

  /** Throws all of it twice: no restart, no growth by the second time, and others are served meanwhile. */
  async function harmless(
    name: 'mqtt' | 'ws' | 'wss',
    corpus: readonly Buffer[],
    after?: string,
  ): Promise<void> {
    const throwAll = async () => {
      await inParallel(corpus, atOnce, (bytes) => thrown(name, bytes, after));
      return memoryKb();
    };
    const [first, last] = await servedMeanwhile(async () => [await throwAll(), await throwAll()] as const);
    // HAProxy keeps the buffers of as many connections as it ever had data of at one moment.
    const buffersKb = (atOnce * 2 * largestConnectBytes) / 1_000;
    expect(last).toBeLessThan(first * 1.05 + buffersKb);
    await stillServed();
  }

  /** Sends what it is given, once the other side has answered what is sent before, and goes when that does, or after a moment. */
  async function thrown(name: 'mqtt' | 'ws' | 'wss', bytes: Buffer, after?: string): Promise<void> {
    const socket =
      name === 'wss'
        ? await openTls(stage.target(name), { ca: stage.certificates.ca })
        : await openTcp(stage.target(name));
    socket.on('error', () => undefined);
    if (after !== undefined) {
      socket.write(after);
      await once(socket, 'data');
    }
    socket.write(bytes);
    await closesAfterMs(socket.setTimeout(300, () => socket.destroy()));
  }

  async function throwAt(name: 'mqtt' | 'mqtts', corpus: readonly Buffer[]): Promise<void> {
    const brokersSaw = stage.brokers.seen.length;
    const logged = stage.balancer().log.length;
    await inParallel(corpus, atOnce, async (bytes) => {
      const socket: Socket = await openTcp(stage.target(name));
      socket.end(bytes);
      await closesAfterMs(socket.setTimeout(3_000, () => socket.destroy()));
    });
    for (const { outcome, connect } of stage.brokers.seen.slice(brokersSaw)) {
      // HAProxy and the recorder judge alike what is a CONNECT but for fields that only a broker can judge.
      expect(connect?.protocolName ?? outcome).toMatch(/^(MQTT|MQIsdp|refused: .*)$/);
    }
    expect(stage.balancer().log.length - logged).toBeLessThanOrEqual(corpus.length);
  }

  async function stillServed(): Promise<void> {
    const id = `after-${randomBytes(4).toString('hex')}`;
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket(id));
    await connectMqtt(await openTls(stage.target('mqtts'), { ca: stage.certificates.ca }), connectPacket(id));
    expect((await stage.balancer().workers()).current).toBe(worker);
  }
});

/** The request that opens a WebSocket. */
const opening = [
  'GET /mqtt HTTP/1.1',
  ...['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: mqtt', '\r\n'],
].join('\r\n');

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Sends a byte five times a second, all but the last, until it is closed. */
function dripping(socket: Socket, bytes: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length - 1) socket.write(bytes.subarray(sent, (sent += 1)));
  }, 200);
  socket.resume().once('close', () => clearInterval(timer));
}
