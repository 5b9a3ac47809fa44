import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeConnect, connectMqtt, connectPacket, openTcp, openTls } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { ClientAuthority, type ClientIdentity } from '../../proving/stage/pki';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const inspectDelaySeconds = 1;

describe.each(systems)('who is refused, and what says why, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let fleet: ClientAuthority;
  let named: ClientIdentity;

  beforeAll(async () => {
    fleet = await ClientAuthority.make('fleet');
    named = await fleet.issue('device-7');
    stage = await Stage.start(system, () => ({ ...settings(), refuseLongKeepalive: true }));
  });
  afterAll(() => stage.stop());

  it.each([
    ['silence', () => Buffer.alloc(0)],
    ['not-mqtt', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['not-mqtt', () => Buffer.of(0x30, 3, 0, 1, 0x61)],
    ['half-packet', () => connectPacket('half').subarray(0, 9)],
    ['no-valid-connect', () => Buffer.from('100f00044e4f5045040200000003616263', 'hex')],
    ['keepalive', () => connectPacket('for ever', { keepalive: 0 })],
    ['keepalive', () => bridgeConnect('MQTT', 0x84, 'bridge for ever', 0)],
  ] as const)('%s: one line and one count', async (why, bytes) => {
    const before = await count('mqtt', why);
    const socket = await openTcp(stage.target('mqtt'));
    const client = `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`;
    if (bytes().length > 0) socket.write(bytes());
    await closed(socket);
    await logged({ client, listener: 'mqtt', why, broker: '<NOSRV>' });
    expect(await count('mqtt', why)).toBe(before + 1);
  });

  it('a served session has no reason', async () => {
    const socket = await openTcp(stage.target('mqtt'));
    await connectMqtt(socket, connectPacket('served'));
    socket.destroy();
    await logged({ id: 'served', why: '-' });
  });

  it('one client more than a listener takes is closed at once, and counted', async () => {
    await stage.change(() => ({ ...settings({ mqtt: { maxConnections: 3 } }) }));
    const held = await Promise.all([1, 2, 3].map(() => openTcp(stage.target('mqtt'))));
    await Promise.all(held.map((socket, index) => connectMqtt(socket, connectPacket(`held ${index}`))));
    await expect(
      openTcp(stage.target('mqtt')).then((socket) => connectMqtt(socket, connectPacket('one more'))),
    ).rejects.toThrow();
    expect(await count('mqtt', 'full')).toBe(1);
    held.forEach((socket) => socket.destroy());
    await eventually(async () =>
      connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('after one has left')),
    );
    await stage.change(() => settings());
  });

  it.each([
    ['of a later version', Buffer.from('100f00044d515454060200000003616263', 'hex')],
    ['with an unknown property', Buffer.from('101200044d51545405020000037f00010003616263', 'hex')],
    ['with a Receive Maximum of 0', Buffer.from('101300044d51545405020000032100000003616263', 'hex')],
  ])('a CONNECT %s is for the broker to refuse where that is asked for', async (_, bytes) => {
    await stage.change(() => settings({ mqtt: { passesUnknown: true } }));
    const refused = await count('mqtt', 'no-valid-connect');
    const seen = stage.brokers.seen.length;
    const socket = await openTcp(stage.target('mqtt'));
    const client = `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`;
    socket.write(bytes);
    await eventually(() => expect(stage.brokers.seen.length).toBe(seen + 1));
    socket.destroy();
    await logged({ client, why: 'passed-on', broker: expect.stringMatching(/^emqx-/) as string });
    expect(await count('mqtt', 'no-valid-connect')).toBe(refused);
    for (const [why, other] of [
      ['not-mqtt', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['half-packet', bytes.subarray(0, 9)],
    ] as const) {
      const before = await count('mqtt', why);
      const stranger = await openTcp(stage.target('mqtt'));
      stranger.write(other);
      await closed(stranger);
      expect(await count('mqtt', why)).toBe(before + 1);
    }
    expect(stage.brokers.seen.length).toBe(seen + 1);
    await stage.change(() => settings());
  });

  it.each([
    ['of another CA', async () => (await ClientAuthority.make('another')).issue('device-7')],
    ['none', () => Promise.resolve(undefined)],
  ] as const)('a certificate %s: a line with what TLS found', async (_, issue) => {
    const identity = await issue();
    const { host, port } = stage.target('mqtts');
    const socket = connectTls({
      ...{ host, port, ca: stage.certificates.ca, servername: 'localhost' },
      ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key }),
    });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const client = `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`;
    await closed(socket);
    await logged({
      client,
      listener: 'mqtts',
      tls: expect.stringMatching(/certificate/) as string,
      ...(identity === undefined ? {} : { cn: 'device-7', certificate: expect.any(Number) as number }),
    });
  });

  it('TLS 1.1 is refused with a line', async () => {
    const { host, port } = stage.target('mqtts');
    const socket = connectTls({
      ...{ host, port, ca: stage.certificates.ca, servername: 'localhost' },
      ...{ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const client = `${socket.localAddress ?? ''}:${socket.localPort ?? 0}`;
    await closed(socket);
    await logged({ client, listener: 'mqtts', tls: expect.stringMatching(/version|protocol/) as string });
  });

  it('Prometheus is told how many, by listener and reason', async () => {
    const socket = await openTcp(stage.target('mqtt'));
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed(socket);
    await eventually(
      async () => {
        const told = await stage.balancer().machine.run(['cat', '/run/emqx-haproxy/metrics/watch.prom']);
        expect(told).toMatch(/^emqx_haproxy_watch_refused_total\{listener="mqtt",why="not-mqtt"\} [1-9]/m);
        expect(told).toMatch(/^emqx_haproxy_watch_refused_total\{listener="mqtts",why="tls"\} [1-9]/m);
      },
      { timeoutMs: 15_000 },
    );
  });

  it.each(['', ' ', 'x'.repeat(300)])(
    'where the CN is the identity, the CN %j lets nobody in',
    async (commonName) => {
      const identity = await fleet.issue(commonName);
      const before = await count('mqtts', 'no-identity');
      await expect(overTls(identity, 'device-8')).rejects.toThrow();
      expect(await count('mqtts', 'no-identity')).toBe(before + 1);
      await overTls(named, 'device-8');
    },
  );

  async function overTls(identity: ClientIdentity, username: string): Promise<void> {
    const options = { ca: stage.certificates.ca, cert: identity.cert, key: identity.key };
    const socket = await openTls(stage.target('mqtts'), options);
    socket.on('error', () => undefined);
    await connectMqtt(socket, connectPacket(`as ${username}`, { username }));
    socket.destroy();
  }

  function settings(changes: Parameters<typeof listeners>[0] = {}) {
    const clientCertificates = { verify: 'required', ca: fleet.pem, identity: 'username' } as const;
    return { listeners: listeners({ mqtts: { clientCertificates }, ...changes }), inspectDelaySeconds };
  }

  async function count(listener: string, why: string): Promise<number> {
    const table = await stage.balancer().ask(`show table refusals_${listener}`);
    return Number(new RegExp(`key=${why} .*gpc0=(\\d+)`).exec(table)?.[1] ?? 0);
  }

  async function logged(expected: Readonly<Record<string, unknown>>): Promise<void> {
    await eventually(() => {
      const lines = stage.balancer().log.filter((line) => line.startsWith('{'));
      expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(
        expect.objectContaining(expected),
      );
    });
  }
});

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((done) => socket.resume().once('close', done));
}
