import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Listener } from '../../components/listeners/listener';
import { closesAfterMs, connectMqtt, connectPacket, openTcp, openTls } from '../../proving/stage/clients';
import { ClientAuthority, type ClientIdentity } from '../../proving/stage/pki';
import { listeners, Stage, systems } from '../../proving/stage/stage';
import { listener } from '../../proving/views';

describe.each(systems)('listeners of names of their own, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let fleet: ClientAuthority;
  beforeAll(async () => {
    fleet = await ClientAuthority.make('fleet');
    const crl = await fleet.revoke([]);
    stage = await Stage.start(system, () => ({ listeners: map(crl) }));
  });
  afterAll(() => stage.stop());

  it('serve beside those of the four names, twelve of them', async () => {
    for (const { kind, port, path } of map()) {
      const target = { ...stage.target('mqtt'), port };
      if (kind === 'mqtt') {
        await connectMqtt(await openTcp(target), connectPacket(`plain ${port}`));
      } else if (kind === 'ws') {
        const socket = new WebSocket(`ws://${target.host}:${port}${path}`, 'mqtt');
        await once(socket, 'open');
        socket.close();
      }
    }
  });

  it('with and without certificates stand side by side on TLS', async () => {
    const device = await fleet.issue('device');
    await overTls(8_883);
    await expect(overTls(8_893)).rejects.toThrow();
    await overTls(8_893, device);
  });

  it('whose name has a hyphen lose the sessions of certificates that their list revokes', async () => {
    const [lost, kept] = [await fleet.issue('lost'), await fleet.issue('kept')];
    const [losing, keeping] = [await overTls(8_893, lost), await overTls(8_893, kept)];
    const crl = await fleet.revoke([lost]);
    await stage.load(() => ({ listeners: map(crl) }));
    await closesAfterMs(losing);
    expect(keeping.closed).toBe(false);
  });

  function map(crl?: string): Listener[] {
    const trust = crl === undefined ? { ca: fleet.pem } : { ca: fleet.pem, crl };
    const clientCertificates = { verify: 'required', identity: 'none', ...trust } as const;
    const more = { maxConnections: 100 };
    return [
      ...listeners(),
      ...[1, 2, 3, 4].map((index) =>
        listener('mqtt', { ...more, name: `plain-${index}`, port: 1_890 + index }),
      ),
      ...[1, 2].map((index) =>
        listener('ws', { ...more, name: `web${index}`, port: 8_090 + index, path: `/w${index}` }),
      ),
      listener('mqtts', { ...more, name: 'open-tls', port: 8_892 }),
      listener('mqtts', { ...more, name: 'with-client-certs', port: 8_893, clientCertificates }),
    ];
  }

  async function overTls(port: number, identity?: ClientIdentity) {
    const socket = await openTls(
      { ...stage.target('mqtts'), port },
      { ca: stage.certificates.ca, ...(identity && { cert: identity.cert, key: identity.key }) },
    );
    socket.on('error', () => undefined);
    await connectMqtt(socket, connectPacket(`client-${Math.random()}`));
    return socket;
  }
});
