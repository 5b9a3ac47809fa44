import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkClientTrust } from '../../components/certificates/clientTrust';
import type { ClientCertificates, Listener } from '../../components/listeners/listener';
import { Problems } from '../../components/rendering/problems';
import { Identity, type IdentityOptions } from '../../proving/identities';
import { connectPacket } from '../../proving/stage/clients';
import { eventually } from '../../proving/stage/eventually';
import { Machine } from '../../proving/stage/machine';
import { listeners, Stage, systems } from '../../proving/stage/stage';
import { twoCertificates } from '../../proving/stage/twoCertificates';
import { listener } from '../../proving/views';

/** Mosquitto, its command line, Paho for Python and OpenSSL, as Debian has them and as the reports name them. */
describe.each(systems)('clients that people have, on HAProxy $haproxyVersion', (system) => {
  let stage: Stage;
  let device: Machine;
  let folder: string;
  let fleet: Identity;
  let site: Identity;
  let strangers: Identity;
  let revoked: Identity;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clients-'));
    const service = await Identity.authority('service CA');
    fleet = await Identity.authority('fleet CA');
    site = await Identity.authority('site CA', { signer: fleet });
    strangers = await Identity.authority("strangers' CA");
    revoked = await Identity.make('revoked', { signer: fleet });
    const own = ownListeners({
      fleet: fleet.pem,
      site: site.pem,
      lists: (await fleet.revocationList({ revoked: [revoked] })) + (await site.revocationList()),
      endingList: await fleet.revocationList({ from: -8, to: 1 }),
      endedList: await fleet.revocationList({ from: -9, to: -1, revoked: [revoked] }),
    });
    writeFileSync(join(folder, 'ca.pem'), service.pem);
    // The watcher looks at what ends as it begins, and then once a minute.
    const ofOneCertificate = own.filter(({ name }) => name !== 'old-chips');
    stage = await Stage.start(system, () => ({ listeners: [...listeners(), ...ofOneCertificate] }));
    const tls = await twoCertificates(stage, service);
    await stage.change(() => ({
      listeners: [...listeners(), ...own],
      tls,
      largestConnectBytes: 40_000,
    }));
    device = await Machine.start();
    await device.connect(deviceAddress, stage.network);
  });
  afterAll(async () => {
    await device.stop();
    await stage.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['mqttv311', 'plain', 4],
    ['mqttv31', 'plain', 3],
    ['mqttv311', 'TLS', 4],
  ] as const)(
    "Mosquitto's bridge of %s, %s, reaches a broker with its client id",
    async (version, way, level) => {
      const id = `bridge-${version}-${way}`;
      const { host, port } = stage.target(way === 'TLS' ? 'mqtts' : 'mqtt');
      const file = join(folder, `${id}.conf`);
      writeFileSync(
        file,
        [
          'listener 18830 127.0.0.1',
          'connection site',
          `address ${host}:${port}`,
          `remote_clientid ${id}`,
          `bridge_protocol_version ${version}`,
          'topic # out 0',
          ...(way === 'TLS' ? [`bridge_cafile ${join(folder, 'ca.pem')}`, 'bridge_insecure true'] : []),
          '',
        ].join('\n'),
      );
      const seen = stage.brokers.sees(id);
      // As root, since it would not read this folder as its own user.
      const bridge = device.start([
        'sh',
        '-c',
        'printf "user root\n" >>"$1" && exec mosquitto -c "$1"',
        'sh',
        file,
      ]);
      expect(await seen).toMatchObject({
        outcome: 'accepted',
        connect: { protocolLevel: level, bridge: true, clientId: id },
      });
      bridge.kill();
      await device.run(['sh', '-c', 'pkill -x mosquitto; while pgrep -x mosquitto; do :; done >/dev/null']);
      await logged({ id, why: '-' });
    },
  );

  it.each(['mqttv31', 'mqttv311', 'mqttv5'])(
    'mosquitto_pub of %s publishes, plain and over TLS',
    async (version) => {
      for (const name of ['mqtt', 'mqtts'] as const) {
        const id = `pub-${version}-${name}`;
        const seen = stage.brokers.sees(id);
        await publish(name, id, ['-V', version]);
        expect((await seen).outcome).toBe('accepted');
      }
    },
  );

  it.each([
    ['its CN', 'device-7', true],
    ['no CN', '', false],
    ['a blank one', ' ', false],
  ] as const)(
    'mosquitto_pub with a certificate of %s, where that names the client',
    async (_, commonName, isServed) => {
      const shown = await show(commonName, {});
      const claims = publish('named', `as-other-${commonName.trim()}`, [...shown, '-u', 'another device']);
      if (isServed) await claims;
      else await expect(claims).rejects.toThrow();
    },
  );

  it.each([
    ['of the root', 'fleet', () => show('direct', {}), 'served'],
    ['of a CA that it sends along', 'fleet', () => show('below', { signer: site }, site), 'served'],
    [
      'of a CA that it sends along, without lists',
      'named',
      () => show('named', { signer: site }, site),
      'served',
    ],
    ['that has ended', 'fleet', () => show('late', { from: -3, to: -1 }), { certificate: 10, cn: 'late' }],
    ['of another CA', 'fleet', () => show('stranger', { signer: strangers }), { certificate: 20 }],
    ['that was revoked', 'fleet', () => showIdentity(revoked), { certificate: 23, cn: 'revoked' }],
    ['where the list has ended', 'list-ended', () => show('device', {}), { certificate: 12, cn: 'device' }],
    ['where the ended list is kept', 'list-kept', () => show('device', {}), 'served'],
    // HAProxy notes what OpenSSL finds first, though it is told to overlook that.
    [
      'that a kept list revokes',
      'list-kept',
      () => showIdentity(revoked),
      { certificate: 12, cn: 'revoked' },
    ],
    ['that it does not have', 'fleet', () => [], { tls: expect.stringMatching(/certificate/) as string }],
  ] as const)('mosquitto_pub with a certificate %s', async (_, name, shown, expected) => {
    const publishes = publish(name, `certified-${name}`, await shown());
    if (expected === 'served') await publishes;
    else {
      await expect(publishes).rejects.toThrow();
      await logged({ listener: name, ...expected });
    }
  });

  it('a list that is about to end is told to Prometheus while mosquitto_pub is still served', async () => {
    await publish('list-ending', 'before-the-end', await show('device', {}));
    await eventually(async () => {
      const told = await stage.balancer().machine.run(['cat', '/run/emqx-haproxy/metrics/watch.prom']);
      const [, seconds] = /expires_seconds\{file="list-ending-client-crl.pem"\} (\S+)/.exec(told) ?? [];
      expect(Number(seconds)).toBeGreaterThan(0);
      expect(Number(seconds)).toBeLessThanOrEqual(86_400);
    });
  });

  it('a CA without its root is refused, and mosquitto_pub served once what that asks for is given', async () => {
    expect(problemsOf(site.pem)).toEqual([
      expect.stringMatching(
        /"CN=site CA" is signed by "CN=fleet CA".*add the certificates .* up to its root/,
      ),
    ]);
    // With the whole chain, root and all: what a client sends makes no root of it.
    const shown = await show('rootless', { signer: site }, site, fleet);
    await expect(publish('without-root', 'rootless', shown)).rejects.toThrow();
    await logged({ listener: 'without-root', ca: 2, cn: 'rootless' });
    expect(problemsOf(site.pem + fleet.pem)).toEqual([]);
    await publish('with-root', 'rootless', await show('rootless', { signer: site }));
  });

  it.each([
    ['tcp', 'mqtt'],
    ['tcp', 'mqtts'],
    ['websockets', 'ws'],
    ['websockets', 'wss'],
  ] as const)('Paho for Python connects by %s to %s', async (transport, name) => {
    const { host, port } = stage.target(name);
    const authority = name.endsWith('s') && name !== 'ws' ? join(folder, 'ca.pem') : '';
    const before = stage.brokers.websockets.length;
    const code = await device.run(['/usr/bin/python3', '-c', paho, transport, host, String(port), authority]);
    expect(code.trim()).toBe('0');
    if (transport === 'websockets')
      await eventually(() =>
        expect(stage.brokers.websockets.slice(before)).toEqual([
          expect.objectContaining({ websocket: '/mqtt', forwardedFor: deviceAddress }),
        ]),
      );
  });

  it.each([
    ['RSA alone', 'mqtts', ['-cipher', 'ECDHE-RSA-AES128-GCM-SHA256', '-sigalgs', 'RSA+SHA256'], true],
    ['CBC alone, where all come', 'mqtts', ['-cipher', 'ECDHE-RSA-AES128-SHA'], false],
    ['CBC alone, at its own listener', 'old-chips', ['-cipher', 'ECDHE-RSA-AES128-SHA'], true],
    ['no forward secrecy', 'old-chips', ['-cipher', 'AES128-SHA', '-sigalgs', 'RSA+SHA256'], true],
  ] as const)('OpenSSL as a device that knows %s', async (_, name, options, isServed) => {
    // With its end, after which the program has nothing more to wait for.
    const session = [...connectPacket('old chip'), 0xe0, 0];
    const octal = session.map((byte) => `\\0${byte.toString(8)}`).join('');
    const answer = device.run([
      ...['sh', '-c', 'sent=$1; shift; printf %b "$sent" | timeout 10 openssl s_client "$@"', 'sh', octal],
      ...['-quiet', '-connect', targetOf(name), '-tls1_2', ...options],
    ]);
    if (isServed) expect((await answer).startsWith('\x20\x02\0\0')).toBe(true);
    else {
      await expect(answer).rejects.toThrow(/handshake failure/);
      await logged({ listener: name, tls: expect.stringMatching(/no shared cipher/) as string });
    }
  });

  async function publish(name: Name, id: string, options: readonly string[]): Promise<void> {
    const [host = '', port = ''] = targetOf(name).split(':');
    const tls = name === 'mqtt' ? [] : ['--cafile', join(folder, 'ca.pem'), '--insecure'];
    const message = ['-t', 'meters/7', '-m', 'on', '-q', '0'];
    await device.run(['mosquitto_pub', '-h', host, '-p', port, '-i', id, ...tls, ...message, ...options]);
  }

  function targetOf(name: Name): string {
    const port = name === 'mqtt' || name === 'mqtts' ? listener(name).port : ownPorts[name];
    return `${stage.balancer().address}:${port}`;
  }

  /** What mosquitto_pub is told to show: a new certificate of the fleet, or of another CA, and the CAs that it sends along. */
  async function show(
    commonName: string,
    options: IdentityOptions,
    ...along: Identity[]
  ): Promise<readonly string[]> {
    return showIdentity(await Identity.make(commonName, { signer: fleet, ...options }), ...along);
  }

  function showIdentity(identity: Identity, ...along: Identity[]): readonly string[] {
    writeFileSync(join(folder, 'device.pem'), [identity, ...along].map(({ pem }) => pem).join(''));
    writeFileSync(join(folder, 'device.key'), identity.key);
    return ['--cert', join(folder, 'device.pem'), '--key', join(folder, 'device.key')];
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

type Name = 'mqtt' | 'mqtts' | keyof typeof ownPorts;

const ownPorts = {
  named: 8_901,
  'old-chips': 8_902,
  fleet: 8_903,
  'list-ending': 8_904,
  'list-ended': 8_905,
  'list-kept': 8_906,
  'without-root': 8_907,
  'with-root': 8_908,
} as const;

const deviceAddress = '192.0.2.90';

/** PEM of CAs and lists; what a preview would refuse among it is what HAProxy is asked about. */
function ownListeners(of: {
  readonly fleet: string;
  readonly site: string;
  readonly lists: string;
  readonly endingList: string;
  readonly endedList: string;
}): Listener[] {
  const own = (name: keyof typeof ownPorts, changes: Partial<Listener>) =>
    listener('mqtts', { name, port: ownPorts[name], maxConnections: 50, ...changes });
  const mutual = (name: keyof typeof ownPorts, ca: string, more: Partial<ClientCertificates> = {}) =>
    own(name, { clientCertificates: { verify: 'required', identity: 'none', ca, ...more } });
  return [
    mutual('named', of.fleet, { identity: 'username' }),
    mutual('fleet', of.fleet, { crl: of.lists }),
    mutual('list-ending', of.fleet, { crl: of.endingList }),
    mutual('list-ended', of.fleet, { crl: of.endedList }),
    mutual('list-kept', of.fleet, { crl: of.endedList, keepsEndedLists: true }),
    mutual('without-root', of.site),
    mutual('with-root', of.site + of.fleet),
    own('old-chips', { tls: { suites: ['ECDHE-RSA-AES128-SHA', 'AES128-SHA'], certificates: [1] } }),
  ];
}

/** What a preview says of clients' CAs. */
function problemsOf(ca: string): readonly string[] {
  const problems = new Problems();
  checkClientTrust({ ca }, 'clients', problems);
  return problems.all.map(({ reason }) => reason);
}

/** Prints the code of the CONNACK; in a WebSocket it says it were another. Arguments: transport, host, port, CA or nothing. */
const paho = `
import ssl, sys
import paho.mqtt.client as mqtt
transport, host, port, authority = sys.argv[1:]
version = getattr(mqtt, "CallbackAPIVersion", None)
client = mqtt.Client(*([version.VERSION1] if version else []), client_id="paho", transport=transport)
if authority:
    client.tls_set(authority)
    client.tls_insecure_set(True)
if transport == "websockets":
    client.ws_set_options("/mqtt/", {"X-Forwarded-For": "127.0.0.1"})
codes = []
client.on_connect = lambda client, data, flags, code: codes.append(int(code)) or client.disconnect()
client.connect(host, int(port))
client.loop_forever()
print(codes[0])
`;
