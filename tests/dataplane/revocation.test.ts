import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersPing, closesAfterMs, connectMqtt, connectPacket, openTls } from '../../proving/stage/clients';
import { ClientAuthority, type ClientIdentity } from '../../proving/stage/pki';
import { listeners, Stage, systems } from '../../proving/stage/stage';

type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

describe.each(systems)('a certificate that is revoked, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let authority: ClientAuthority;
  const revoked: ClientIdentity[] = [];

  beforeAll(async () => {
    authority = await ClientAuthority.make('fleet');
    const crl = await authority.revoke([]);
    stage = await Stage.start(system, () => withList(crl), 2);
  });
  afterAll(() => stage.stop());

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'its sessions end and its ticket opens nothing, with no reload, by %s',
    async (version) => {
      const [device, other] = [await authority.issue('device'), await authority.issue('other')];
      const deviceTicket = await ticketOf(device, version);
      const otherTicket = await ticketOf(other, version);
      await stage.balancer().reload();
      const resumed = [
        await connect(device, version, { ticket: deviceTicket }),
        await connect(device, version, { ticket: deviceTicket, through: 1 }),
      ];
      expect(resumed.map((socket) => socket.isSessionReused())).toEqual([true, true]);
      const [lost, kept] = [[...resumed, await connect(device, version)], await connect(other, version)];
      const { current } = await stage.balancer().workers();

      revoked.push(device);
      const crl = await authority.revoke(revoked);
      await stage.load(() => withList(crl));

      await Promise.all(lost.map(closesAfterMs));
      expect((await stage.balancer().workers()).current).toBe(current);
      for (const through of [0, 1]) {
        await expect(connect(device, version, { ticket: deviceTicket, through })).rejects.toThrow();
        await expect(connect(device, version, { through })).rejects.toThrow();
      }
      expect(await answersPing(kept)).toBe(true);
      const again = await connect(other, version, { ticket: otherTicket });
      expect(again.isSessionReused()).toBe(false);

      await stage.balancer().reload();
      await expect(connect(device, version, { ticket: deviceTicket })).rejects.toThrow();
    },
  );

  it('sessions that a former worker has end too', async () => {
    const [device, other] = [await authority.issue('device'), await authority.issue('other')];
    const [lost, kept] = [await connect(device, 'TLSv1.3'), await connect(other, 'TLSv1.3')];
    await stage.balancer().reload();
    revoked.push(device);
    const crl = await authority.revoke(revoked);
    await stage.load(() => withList(crl));
    await closesAfterMs(lost);
    expect(await answersPing(kept)).toBe(true);
  });

  function withList(crl: string) {
    const clientCertificates = { verify: 'required', ca: authority.pem, crl, identity: 'none' } as const;
    return { listeners: listeners({ mqtts: { clientCertificates } }) };
  }

  async function ticketOf(identity: ClientIdentity, version: TlsVersion): Promise<Buffer> {
    const socket = await connect(identity, version);
    // By now the ticket has come: HAProxy sends it before a broker's CONNACK.
    const ticket = socket.getSession();
    socket.destroy();
    if (ticket === undefined) throw new Error('no session to resume');
    return ticket;
  }

  async function connect(
    { cert, key }: ClientIdentity,
    version: TlsVersion,
    { ticket = undefined as Buffer | undefined, through = 0 } = {},
  ): Promise<TLSSocket> {
    const socket = await openTls(stage.target('mqtts', through), {
      ...{ ca: stage.certificates.ca, cert, key, minVersion: version, maxVersion: version },
      ...(ticket === undefined ? {} : { session: ticket }),
    });
    socket.on('error', () => undefined);
    await connectMqtt(socket, connectPacket(`client-${Math.random()}`));
    return socket;
  }
});
