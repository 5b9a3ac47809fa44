import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closesAfterMs, connectMqtt, connectPacket, openTcp, openTls } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const inspectDelaySeconds = 1;

describe.each(systems)('what may pass, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({
      ...{
        listeners: listeners(),
        inspectDelaySeconds,
        largestConnectBytes: 40_000,
        refuseLongKeepalive: true,
      },
    }));
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
});
