import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BalancerView } from '../../components/balancers/view';
import type { Listener, ListenerTls } from '../../components/listeners/listener';
import { knownSuites } from '../../components/listeners/tls';
import { Identity } from '../../proving/identities';
import { connectMqtt, connectPacket, openTcp } from '../../proving/stage/clients';
import { listeners, Stage, systems } from '../../proving/stage/stage';
import { twoCertificates } from '../../proving/stage/twoCertificates';
import { listener } from '../../proving/views';

const firstPort = 8_901;
const before13 = knownSuites.filter((suite) => !suite.startsWith('TLS_'));
const since13 = knownSuites.filter((suite) => suite.startsWith('TLS_'));

/** Listeners of their own TLS, on ports in this order. */
const own = {
  'all-suites': { suites: before13, suites13: since13 },
  'one-curve': { curves: ['P-384'] },
  newest: { minVersion: 'TLSv1.3' },
  'without-tickets': { withoutTickets: true },
  'rsa-alone': { certificates: [1] },
  'old-chips': { suites: ['AES128-SHA'], certificates: [1] },
  'x25519-alone': { curves: ['X25519'] },
} as const satisfies Record<string, ListenerTls>;

type Name = keyof typeof own;
const names = Object.keys(own) as Name[];

describe.each(systems)('TLS of a listener of its own, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let authority: Identity;
  let tls: BalancerView['tls'];
  beforeAll(async () => {
    authority = await Identity.authority('service CA');
    stage = await Stage.start(system, () => ({ listeners: listeners() }));
    tls = await twoCertificates(stage, authority);
    await stage.change(() => ({ listeners: [...listeners(), ...ownListeners()], tls }));
  });
  afterAll(() => stage.stop());

  it('serves each suite that a configuration may name', async () => {
    for (const suite of before13)
      expect(await suiteOf('all-suites', { maxVersion: 'TLSv1.2', ciphers: suite })).toBe(suite);
    for (const suite of since13)
      expect(await suiteOf('all-suites', { minVersion: 'TLSv1.3', ciphers: suite })).toBe(suite);
  });

  it('serves only the suites that are named, the others of its version are refused', async () => {
    const old = { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const;
    expect(await suiteOf('old-chips', old)).toBe('AES128-SHA');
    await expect(
      suiteOf('old-chips', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
    ).rejects.toThrow();
    await expect(suiteOf('rsa-alone', old)).rejects.toThrow();
  });

  it('agrees on its curves alone', async () => {
    await suiteOf('one-curve', { ecdhCurve: 'P-384' });
    await expect(suiteOf('one-curve', { ecdhCurve: 'P-256' })).rejects.toThrow();
    // The curve of the certificate's key is another thing than that of the exchange.
    const both = {
      ecdhCurve: 'X25519:P-256',
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    } as const;
    expect(await suiteOf('x25519-alone', both)).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
  });

  it('refuses an older version than its own, which others take', async () => {
    const old = { maxVersion: 'TLSv1.2' } as const;
    await expect(suiteOf('newest', old)).rejects.toThrow();
    await suiteOf('rsa-alone', old);
    await suiteOf('newest', {});
  });

  it('shows the certificates that it was given', async () => {
    const shown = async (name: Name) => {
      const socket = await opened(name, {});
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect(await shown('rsa-alone')).toBe('by RSA');
    expect(await shown('newest')).toBe('by ECDSA');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes no %s session without tickets', async (version) => {
    const resumes = async (name: Name) => {
      const options = { minVersion: version, maxVersion: version };
      const first = await opened(name, options);
      // TLS 1.3 sends tickets after the handshake: they are here with the broker's answer.
      await connectMqtt(first, connectPacket(`first of ${name}`));
      const session = first.getSession();
      first.destroy();
      const second = await opened(name, { ...options, ...(session && { session }) });
      const reused = second.isSessionReused();
      await connectMqtt(second, connectPacket(`second of ${name}`));
      second.destroy();
      return reused;
    };
    expect(await resumes('rsa-alone')).toBe(true);
    expect(await resumes('without-tickets')).toBe(false);
  });

  it('at the virtual IP alone is reached there and at no other address', async () => {
    const virtualIp = '192.0.2.31';
    const { machine, address } = stage.balancer();
    await machine.run(['ip', 'address', 'add', `${virtualIp}/24`, 'dev', 'eth0']);
    await stage.change(() => ({
      ...{ tls, listeners: listeners({ mqtt: { onlyAtVirtualIp: true } }) },
      virtualIp: {
        ...{ mode: 'elasticIp', privateAddress: virtualIp, publicAddress: '198.51.100.1' },
        ...{ allocationId: 'eipalloc-1', interfaceId: 'eni-1' },
      },
    }));
    await connectMqtt(await openTcp({ host: virtualIp, port: 1_883 }), connectPacket('at the virtual IP'));
    await expect(
      openTcp({ host: address, port: 1_883 }).then((socket) =>
        connectMqtt(socket, connectPacket('at the own address')),
      ),
    ).rejects.toThrow();
    expect(await stage.balancer().ask('show table refusals_mqtt')).toMatch(/key=not-allowed .*gpc0=1/);
  });

  async function suiteOf(name: Name, options: ConnectionOptions): Promise<string> {
    const socket = await opened(name, options);
    const { name: suite } = socket.getCipher();
    socket.destroy();
    return suite;
  }

  async function opened(name: Name, options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connectTls({
      ...{ host: stage.balancer().address, port: firstPort + names.indexOf(name) },
      ...{ ca: authority.pem, servername: 'localhost' },
      ...options,
    });
    await new Promise<void>((done, fail) => socket.once('secureConnect', done).once('error', fail));
    return socket;
  }
});

function ownListeners(): Listener[] {
  return names.map((name, index) =>
    listener('mqtts', { name, port: firstPort + index, maxConnections: 50, tls: own[name] }),
  );
}
