import { connect as connectTls, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identity } from '../../proving/identities';
import { listeners, Stage, systems } from '../../proving/stage/stage';

describe.each(systems)('server certificates on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let authority: Identity;
  let [ecdsa, rsa, other]: Identity[] = [];

  beforeAll(async () => {
    authority = await Identity.authority('service CA');
    const names = { signer: authority, dnsNames: ['mqtt.example.com'] };
    [ecdsa, rsa, other] = await Promise.all([
      Identity.make('by ECDSA', names),
      Identity.make('by RSA', { ...names, rsaBits: 2_048 }),
      Identity.make('of another name', { ...names, dnsNames: ['other.example.com'] }),
    ]);
    stage = await Stage.start(system, () => ({ listeners: listeners() }));
    for (const [index, { key = '' } = {}] of [ecdsa, rsa, other].entries())
      await stage
        .balancer()
        .machine.write(`/etc/haproxy/certs/server${index === 0 ? '' : `-${index + 1}`}.pem.key`, key, '0600');
    await stage.change(() => ({
      listeners: listeners(),
      tls: {
        ...{ minVersion: 'TLSv1.2', ticketLifetimeSeconds: 3_600, certificateChain: ecdsa?.pem ?? '' },
        furtherChains: [rsa?.pem ?? '', other?.pem ?? ''],
      },
    }));
  });
  afterAll(() => stage.stop());

  const onlyRsa = { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
  const hasAll = {};

  it.each([
    ['knows ECDSA and asks by name', 'mqtt.example.com', hasAll, 'by ECDSA'],
    ['knows RSA alone and asks by name', 'mqtt.example.com', onlyRsa, 'by RSA'],
    ['asks by another name', 'other.example.com', hasAll, 'of another name'],
    ['knows RSA alone and comes by address', '', onlyRsa, 'by RSA'],
  ] as const)('a client that %s', async (_, servername, options, expected) => {
    for (const name of ['mqtts', 'wss'] as const)
      expect((await shown(name, { servername, ...options })).subject.CN).toBe(expected);
  });

  it('a client that knows ECDSA and comes by address gets it where HAProxy can choose', async () => {
    const expected = system.haproxyVersion === '2.6' ? 'by RSA' : 'by ECDSA';
    expect((await shown('mqtts', { servername: '' })).subject.CN).toBe(expected);
  });

  async function shown(name: 'mqtts' | 'wss', options: ConnectionOptions): Promise<PeerCertificate> {
    const socket = connectTls({
      ...stage.target(name),
      ...{ ca: authority.pem, checkServerIdentity: () => undefined },
      ...options,
    });
    try {
      await new Promise<void>((done, fail) => socket.once('secureConnect', done).once('error', fail));
      return socket.getPeerCertificate();
    } finally {
      socket.destroy();
    }
  }
});
