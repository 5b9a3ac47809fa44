import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '../../components/listeners/listener';
import { connectMqtt, connectPacket, openTcp } from '../../proving/stage/clients';
import { testAddress } from '../../proving/stage/network';
import { listeners, Stage, systems } from '../../proving/stage/stage';

const loadBalancer = '192.0.2.101';
const allowedClient = '203.0.113.7';

describe.each(systems)('a load balancer in front, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, () => withListener({}));
  });
  afterAll(() => stage.stop());

  it('is believed whom it speaks for', async () => {
    const seen = stage.brokers.sees('behind');
    await connectMqtt(
      await from(loadBalancer, `PROXY TCP4 ${allowedClient} 192.0.2.21 4711 1883\r\n`),
      connectPacket('behind'),
    );
    expect((await seen).proxy?.source).toEqual({ address: allowedClient, port: 4711 });
  });

  it('is the only one: others say nothing of the kind, and are who they are', async () => {
    const seen = stage.brokers.sees('beside');
    await connectMqtt(await from(testAddress), connectPacket('beside'));
    expect((await seen).proxy?.source.address).toBe(testAddress);
    const liar = await from(testAddress, `PROXY TCP4 ${allowedClient} 192.0.2.21 4711 1883\r\n`);
    await expect(connectMqtt(liar, connectPacket('liar'))).rejects.toThrow();
  });

  it('speaks for allowed ranges alone, which are those of clients', async () => {
    await stage.change(() => withListener({ allowedCidrs: [`${allowedClient}/32`] }));
    const behind = (client: string) => from(loadBalancer, `PROXY TCP4 ${client} 192.0.2.21 4711 1883\r\n`);
    await connectMqtt(await behind(allowedClient), connectPacket('allowed'));
    await expect(connectMqtt(await behind('203.0.113.8'), connectPacket('other'))).rejects.toThrow();
    await expect(connectMqtt(await from(testAddress), connectPacket('direct'))).rejects.toThrow();
    await stage.change(() => withListener({}));
  });

  it('has a limit for each client that it speaks for', async () => {
    const rateLimit = { connectionsPerSource: 2, periodSeconds: 60, sparedCidrs: [] };
    await stage.change(() => withListener({ rateLimit }));
    const attempt = async (client: string) =>
      connectMqtt(
        await from(loadBalancer, `PROXY TCP4 ${client} 192.0.2.21 4711 1883\r\n`),
        connectPacket(`client-${Math.random()}`),
      );
    for (const client of ['203.0.113.9', '203.0.113.10']) {
      await attempt(client);
      await attempt(client);
      await expect(attempt(client)).rejects.toThrow();
    }
  });

  function withListener(changes: Partial<Listener>) {
    return { listeners: listeners({ mqtt: { acceptProxy: [`${loadBalancer}/32`], ...changes } }) };
  }

  async function from(localAddress: string, header = ''): Promise<Socket> {
    const socket = await openTcp({ ...stage.target('mqtt'), localAddress });
    socket.write(header);
    return socket;
  }
});
