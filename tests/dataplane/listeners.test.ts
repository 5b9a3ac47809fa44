import { once } from 'node:events';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bridgeConnect, connectMqtt, connectPacket, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { testAddress } from '../../proving/stage/network';
import { listeners, Stage, systems } from '../../proving/stage/stage';

describe.each(systems)('listeners on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => ({ listeners: listeners() }));
  });
  afterAll(() => stage.stop());

  const url = { mqtt: 'mqtt', mqtts: 'mqtts', ws: 'ws', wss: 'wss' } as const;
  const brokerPorts = { mqtt: 1883, mqtts: 1884 };

  it.each([
    ['mqtt', 3],
    ['mqtt', 4],
    ['mqtt', 5],
    ['mqtts', 3],
    ['mqtts', 4],
    ['mqtts', 5],
  ] as const)('%s serves MQTT of level %i, each at its own broker port', async (name, level) => {
    const clientId = `client-${name}-${level}`;
    const seen = stage.brokers.sees(clientId);
    const client = await connectClient(name, clientId, level);
    const { port, proxy, connect } = await seen;
    expect(connect).toMatchObject({ protocolLevel: level, clientId });
    expect(port).toBe(brokerPorts[name]);
    expect(proxy?.source.address).toBe(testAddress);
    await client.endAsync();
  });

  it.each(['ws', 'wss'] as const)('%s serves MQTT in a WebSocket and hands on its address', async (name) => {
    const client = await connectClient(name, `client-${name}`, 4);
    const seen = await eventually(() => {
      const found = stage.brokers.websockets.at(-1);
      if (found === undefined) throw new Error('no broker saw a WebSocket');
      return found;
    });
    expect(seen.websocket).toBe('/mqtt');
    expect(seen.client).toMatch(new RegExp(`^${testAddress}:\\d+$`));
    await client.endAsync();
  });

  it.each([
    ['MQTT', 0x84, 'short'],
    ['MQTT', 0x84, `long ${'x'.repeat(200)}`],
    ['MQIsdp', 0x83, 'short 3.1'],
    ['MQIsdp', 0x83, `long 3.1 ${'x'.repeat(200)}`],
  ])('a bridge of %s, level %i, is served by its client id', async (protocol, level, clientId) => {
    const brokers = new Set<string>();
    for (let tries = 0; tries < 3; tries += 1) {
      const seen = stage.brokers.sees(clientId);
      const socket = await openTcp(stage.target('mqtt'));
      await connectMqtt(socket, bridgeConnect(protocol, level, clientId));
      socket.destroy();
      brokers.add((await seen).broker);
    }
    expect(brokers.size).toBe(1);
    await eventually(() => {
      const lines = stage.balancer().log.filter((line) => line.includes(`"id":"${clientId}"`));
      expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ keepalive: '60' }),
      );
    });
  });

  it.each(['/mqtt/', '/ws', '/ws/'])('a WebSocket at %s reaches the endpoint', async (path) => {
    await stage.change(() => ({ listeners: listeners({ ws: { furtherPaths: ['/ws'] } }) }));
    const { host, port } = stage.target('ws');
    const before = stage.brokers.websockets.length;
    const socket = new WebSocket(`ws://${host}:${port}${path}`, 'mqtt');
    await once(socket, 'open');
    await eventually(() => {
      expect(stage.brokers.websockets[before]?.websocket).toBe('/mqtt');
    });
    socket.close();
  });

  it('no client says which address it comes from', async () => {
    const { host, port } = stage.target('ws');
    const before = stage.brokers.websockets.length;
    const headers = { 'X-Forwarded-For': '127.0.0.1' };
    const socket = new WebSocket(`ws://${host}:${port}/mqtt`, 'mqtt', { headers });
    await once(socket, 'open');
    await eventually(() => {
      expect(stage.brokers.websockets[before]?.forwardedFor).toBe(testAddress);
    });
    socket.close();
  });

  it('a WebSocket of another path is 404, and a plain request 426', async () => {
    const { host, port } = stage.target('ws');
    const refused = await new Promise<number | undefined>((done) => {
      new WebSocket(`ws://${host}:${port}/other`, 'mqtt').on('unexpected-response', (_, response) =>
        done(response.statusCode),
      );
    });
    expect(refused).toBe(404);
    expect((await fetch(`http://${host}:${port}/mqtt`)).status).toBe(426);
  });

  it('a listener that is off refuses, one that moved answers at its new port, and the others stay', async () => {
    await stage.change(() => ({
      listeners: listeners({ mqtts: { port: 8899 } }).filter(({ name }) => name !== 'mqtt'),
    }));
    await expect(openTcp(stage.target('mqtt'))).rejects.toThrow();
    await expect(openTcp(stage.target('mqtts'))).rejects.toThrow();
    (await openTcp({ ...stage.target('mqtts'), port: 8899 })).destroy();
    (await openTcp(stage.target('ws'))).destroy();
    await stage.change(() => ({ listeners: listeners() }));
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('again'));
  });

  it('only the allowed ranges connect', async () => {
    await stage.change(() => ({ listeners: listeners({ mqtt: { allowedCidrs: ['192.0.2.101/32'] } }) }));
    const other = async () => connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('refused'));
    await expect(other()).rejects.toThrow();
    const allowed = await openTcp({ ...stage.target('mqtt'), localAddress: '192.0.2.101' });
    await connectMqtt(allowed, connectPacket('allowed'));
    await stage.change(() => ({ listeners: listeners() }));
  });

  async function connectClient(
    name: keyof typeof url,
    clientId: string,
    level: 3 | 4 | 5,
  ): Promise<MqttClient> {
    const { host, port } = stage.target(name);
    const wsOptions = { ca: stage.certificates.ca, servername: 'localhost' };
    return mqtt.connectAsync(`${url[name]}://${host}:${port}/mqtt`, {
      clientId,
      protocolVersion: level,
      protocolId: level === 3 ? 'MQIsdp' : 'MQTT',
      ca: stage.certificates.ca,
      servername: 'localhost',
      wsOptions,
      reconnectPeriod: 0,
      connectTimeout: 3_000,
    });
  }
});
