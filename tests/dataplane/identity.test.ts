import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Balancing } from '../../components/listeners/balancing';
import type { ClientCertificates } from '../../components/listeners/listener';
import type { Seen } from '../../proving/stage/brokers';
import { connectMqtt, connectPacket, openTcp, openTls } from '../../proving/stage/clients';
import { ClientAuthority, type ClientIdentity } from '../../proving/stage/pki';
import { listeners, Stage, systems } from '../../proving/stage/stage';

describe.each(systems)('who a client is, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let authority: ClientAuthority;
  let [device, stranger, revoked]: (ClientIdentity | undefined)[] = [];
  let crl: string;

  beforeAll(async () => {
    authority = await ClientAuthority.make('fleet');
    device = await authority.issue('device-7');
    revoked = await authority.issue('device-8');
    stranger = await (await ClientAuthority.make('another')).issue('device-7');
    crl = await authority.revoke([revoked]);
    stage = await Stage.start(system, () => withCertificates({ verify: 'required', crl }));
  });
  afterAll(() => stage.stop());

  it("required: the broker learns the certificate's CN and that it was verified", async () => {
    const { proxy, port } = await seenOf(device);
    expect(port).toBe(1884);
    expect(proxy?.ssl).toMatchObject({ cn: 'device-7', verify: 0 });
    expect(proxy?.ssl?.client).toContain('certificateOnConnection');
  });

  it.each(['none', 'a stranger', 'a revoked one'] as const)(
    'required: %s certificate is refused',
    async (which) => {
      const identity = { none: undefined, 'a stranger': stranger, 'a revoked one': revoked }[which];
      await expect(seenOf(identity)).rejects.toThrow();
    },
  );

  it("a plain client that uses a device's CN as its user name has no certificate's name at the broker", async () => {
    const seen = stage.brokers.sees('claims');
    await connectMqtt(await openTcp(stage.target('mqtt')), connectPacket('claims', { username: 'device-7' }));
    const { port, proxy, connect } = await seen;
    expect(connect?.username).toBe('device-7');
    expect(port).toBe(1883);
    expect(proxy?.ssl).toBeUndefined();
  });

  it('optional: with and without a certificate, a bad one refused, no name handed on', async () => {
    await stage.change(() => withCertificates({ verify: 'optional', crl }));
    expect((await seenOf(undefined)).proxy?.ssl?.cn).toBeUndefined();
    expect((await seenOf(device)).proxy?.ssl?.cn).toBeUndefined();
    await expect(seenOf(stranger)).rejects.toThrow();
  });

  it.each(['clientId', 'clientIdTable'] as const)(
    'a client whose id is its CN is placed by that in %s, whatever id it sends',
    async (method) => {
      const table = { entries: 1_000, expireSeconds: 60, keyLength: 128 };
      const balancing = method === 'clientId' ? ({ method } as const) : ({ method, ...table } as const);
      await stage.change(() => withCertificates({ identity: 'clientid' }, balancing));
      const others = await Promise.all([1, 2, 3, 4, 5, 6].map((index) => authority.issue(`meter-${index}`)));
      const places = new Set<string>();
      for (const identity of others) {
        const brokers = new Set<string>();
        for (let tries = 0; tries < 6; tries += 1) brokers.add((await seenOf(identity)).broker);
        expect(brokers.size).toBe(1);
        brokers.forEach((broker) => places.add(broker));
      }
      expect(places.size).toBeGreaterThan(1);
    },
  );

  function withCertificates(changes: Partial<ClientCertificates>, balancing?: Balancing) {
    const clientCertificates = {
      verify: 'required',
      ca: authority.pem,
      identity: 'none',
      ...changes,
    } as const;
    return {
      listeners: listeners({ mqtts: { clientCertificates, ...(balancing && { balancing }) } }),
    };
  }

  async function seenOf(identity: ClientIdentity | undefined): Promise<Seen> {
    const id = `client-${Math.random()}`;
    const seen = stage.brokers.sees(id);
    const socket = await openTls(stage.target('mqtts'), {
      ca: stage.certificates.ca,
      ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key }),
    });
    socket.on('error', () => undefined);
    await connectMqtt(socket, connectPacket(id));
    socket.destroy();
    return seen;
  }
});
