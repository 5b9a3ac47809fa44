import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { BalancerView } from '../../components/balancers/view';
import type { Certificates } from '../../proving/certificates';
import { makeCertificates } from '../../proving/certificates';
import { answersPing, connackCode, connectMqtt, connectPacket, openTcp } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { testAddress } from '../../proving/stage/network';
import { listeners, quickChecks, Stage, systems } from '../../proving/stage/stage';

describe.each(systems)('TLS from balancers to brokers, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(system, plain);
  });
  afterAll(() => stage.stop());

  it('takes the place of plain sessions without ending one, and back', async () => {
    const before = await connected('before');
    const seen = stage.brokers.encrypted.length;
    await stage.change(byTls());
    const during = await connected('during');
    expect(stage.brokers.encrypted.length).toBe(seen + 1);
    await stage.change(plain);
    const after = await connected('after');
    for (const socket of [before, during, after]) {
      expect(await answersPing(socket)).toBe(true);
      socket.destroy();
    }
    expect(stage.brokers.encrypted.length).toBe(seen + 1);
  });

  it('hands on the address of the client, for MQTT and in a WebSocket, and what it takes failed checks for', async () => {
    await stage.change(byTls());
    (await connected('whose address')).destroy();
    expect(stage.brokers.encrypted.at(-1)?.encrypted).toBe(2883);
    expect(stage.brokers.encrypted.at(-1)?.client).toMatch(new RegExp(`^${testAddress}:\\d+$`));
    const { host, port } = stage.target('ws');
    const before = stage.brokers.websockets.length;
    const socket = new WebSocket(`ws://${host}:${port}/mqtt`, 'mqtt');
    await once(socket, 'open');
    await eventually(() => {
      expect(stage.brokers.websockets[before]?.client).toMatch(new RegExp(`^${testAddress}:\\d+$`));
    });
    socket.close();
    for (const broker of ['emqx-1', 'emqx-2', 'emqx-3']) await stage.balancer().sees(/^UP$/, broker);
  });

  it('lets no client through to a broker of another name, or of another CA', async () => {
    await stage.change(byTls({ name: 'another.name' }));
    expect(await answerTo('another name')).toBe('closed');
    const { ca } = await makeCertificates();
    await stage.change(byTls({ ca }));
    expect(await answerTo('another CA')).toBe('closed');
    await stage.change(byTls());
    expect(await answerTo('the right one')).toBe(0);
  });

  it('is no reason for a broker that dies to be noticed later', async () => {
    await stage.change((certificates) => ({ ...byTls()(certificates), healthCheck: quickChecks }));
    await stage.brokers.named('emqx-2').machine.signal('KILL');
    await stage.balancer().sees(/^DOWN/, 'emqx-2');
    expect(await answerTo('while one is dead')).toBe(0);
    await stage.brokers.restart('emqx-2');
    await stage.balancer().sees(/^UP$/, 'emqx-2');
  });

  function plain(): Partial<BalancerView> {
    return { listeners: listeners() };
  }

  /** The stage has one certificate, with the name localhost, for all. */
  function byTls(changes: Partial<BalancerView['brokerTls']> = {}) {
    return ({ ca, certificate }: Certificates): Partial<BalancerView> => ({
      listeners: listeners(),
      brokerTls: { ...{ ca, certificate, name: 'localhost' }, ...changes },
    });
  }

  async function connected(clientId: string) {
    const socket = await openTcp(stage.target('mqtt'));
    await connectMqtt(socket, connectPacket(clientId));
    return socket;
  }

  async function answerTo(clientId: string): Promise<number | 'closed'> {
    const socket = await openTcp(stage.target('mqtt'));
    const code = await connackCode(socket, connectPacket(clientId));
    socket.destroy();
    return code;
  }
});
