import { describe, expect, it } from 'vitest';
import { checkMqttPlatformArgs } from '../../components';
import type { CertificatesArgs, GivenCertificateArgs, ListenerTlsArgs } from '../../components';
import { haproxyConfig } from '../../components/balancers/haproxyConfig';
import { planListeners } from '../../components/listeners/plan';
import { Problems } from '../../components/rendering/problems';
import { Identity } from '../../proving/identities';
import type { VirtualIpView } from '../../components/virtualIp/view';
import { balancerView, listener } from '../../proving/views';

function problemsOf(tls: ListenerTlsArgs, certificates: CertificatesArgs = {}, name = 'mqtts'): string[] {
  const args = { listeners: { [name]: { tls } }, certificates, ssh: { allowedCidrs: ['198.51.100.7/32'] } };
  return checkMqttPlatformArgs('mqtt', args).map(({ path, reason }) => `${path}: ${reason}`);
}

/** As a configuration has it, whose types nobody checked. */
function mistyped(value: object): ListenerTlsArgs {
  return value;
}

const both: CertificatesArgs = { keyTypes: ['ecdsa', 'rsa'] };

async function given(): Promise<GivenCertificateArgs> {
  const authority = await Identity.authority('service CA');
  const [ecdsa, rsa] = await Promise.all([
    Identity.make('by ECDSA', { signer: authority }),
    Identity.make('by RSA', { signer: authority, rsaBits: 2_048 }),
  ]);
  return {
    ...{ certificateChain: ecdsa.pem, privateKey: ecdsa.key, ca: authority.pem },
    further: [{ name: 'old-chips', certificateChain: rsa.pem, privateKey: rsa.key }],
  };
}

describe('TLS of a listener', () => {
  it('is for listeners with TLS', () => {
    expect(problemsOf({ tickets: false }, {}, 'mqtt')).toEqual([
      'listeners.mqtt.tls: is for mqtts and wss, where there is TLS; leave it out',
    ]);
  });

  it('names suites that OpenSSL has, each once', () => {
    expect(
      problemsOf({ suites: ['ECDHE-ECDSA-AES128-GCM-SHA25', 'AES128-SHA', 'AES128-SHA'] }, both),
    ).toEqual([
      expect.stringMatching(
        /^listeners\.mqtts\.tls\.suites\[0\]: is "ECDHE-ECDSA-AES128-GCM-SHA25"; did you mean ECDHE-ECDSA-AES128-GCM-SHA256\?; TLS_AES_128_GCM_SHA256, .* are allowed$/,
      ),
      'listeners.mqtts.tls.suites[2]: is AES128-SHA a second time; name each once',
    ]);
    expect(problemsOf({ suites: [] })).toEqual([
      'listeners.mqtts.tls.suites: is empty, so nobody could connect; name some, or leave it out',
    ]);
  });

  it('names curves that OpenSSL has', () => {
    expect(problemsOf({ curves: ['secp160r1'] })).toEqual([
      'listeners.mqtts.tls.curves[0]: is "secp160r1"; X25519, P-256, P-384, P-521 are allowed',
    ]);
  });

  it('is of a version that there is', () => {
    expect(problemsOf(mistyped({ minVersion: 'TLSv1.1' }))).toEqual([
      'listeners.mqtts.tls.minVersion: is "TLSv1.1"; TLSv1.2, TLSv1.3 are allowed',
    ]);
  });

  it('has no suites of a version that it refuses', () => {
    expect(problemsOf({ minVersion: 'TLSv1.3', suites: ['ECDHE-ECDSA-AES128-SHA'] })).toEqual([
      'listeners.mqtts.tls.suites: has ECDHE-ECDSA-AES128-SHA of TLS 1.2, and minVersion is TLSv1.3; leave these out, or set tls.minVersion to TLSv1.2',
    ]);
  });

  it('has suites that one of its certificates can serve', async () => {
    const suites = ['ECDHE-RSA-AES128-GCM-SHA256', 'AES128-SHA'];
    const refused =
      /suites: has for TLS 1\.2 only suites that need a certificate with a key of rsa, and this listener shows (ecdsa|server); give/;
    expect(problemsOf({ suites })).toEqual([expect.stringMatching(refused)]);
    expect(problemsOf({ suites }, both)).toEqual([]);
    expect(problemsOf({ suites, certificates: ['ecdsa'] }, both)).toEqual([expect.stringMatching(refused)]);
    const yours = await given();
    expect(problemsOf({ suites }, yours)).toEqual([]);
    expect(problemsOf({ suites, certificates: ['server'] }, yours)).toEqual([expect.stringMatching(refused)]);
  });

  it('shows certificates that there are, by their names', async () => {
    expect(problemsOf({ certificates: ['rsa'] })).toEqual([
      'listeners.mqtts.tls.certificates[0]: is "rsa"; ecdsa are allowed',
    ]);
    expect(problemsOf({ certificates: ['rsa'] }, both)).toEqual([]);
    expect(problemsOf({ certificates: ['old-chip'] }, await given())).toEqual([
      'listeners.mqtts.tls.certificates[0]: is "old-chip"; did you mean old-chips?; server, old-chips are allowed',
    ]);
  });

  it('wants another name for each certificate that is given', async () => {
    const yours = await given();
    const named = (name: string) => ({
      ...yours,
      further: yours.further?.map((each) => ({ ...each, name })) ?? [],
    });
    expect(problemsOf({}, named('server'))).toEqual([
      'certificates.further[0].name: is server, as another certificate is called; give each its own',
    ]);
    expect(problemsOf({}, named('Old chips'))).toEqual([
      'certificates.further[0].name: is "Old chips"; 1 to 24 small letters, digits and hyphens are allowed, a letter first',
    ]);
  });

  it('is that of all listeners where nothing is said', () => {
    const [planned] = planListeners({ mqtts: {} }, new Problems());
    expect(planned).not.toHaveProperty('tls');
    const bind = (config: string) => /^ +bind :8883 .*$/m.exec(config)?.[0];
    expect(bind(haproxyConfig(balancerView()))).toBe(
      '    bind :8883 ssl crt /etc/haproxy/certs/server.pem alpn mqtt tls-ticket-keys /run/haproxy/mqtts-tickets.keys',
    );
  });
});

describe('where a listener answers', () => {
  it('is at all addresses or at the virtual IP', () => {
    const problems = new Problems();
    const mistyped: object = { mqtt: { addresses: 'vip' } };
    planListeners({ ...mistyped }, problems);
    expect(problems.all).toEqual([
      { path: 'listeners.mqtt.addresses', reason: 'is "vip"; all, virtualIp are allowed' },
    ]);
  });

  const address = '10.20.0.20';
  const interfaceId = 'eni-1';
  it.each<VirtualIpView>([
    {
      ...{ mode: 'elasticIp', privateAddress: address, interfaceId },
      ...{ publicAddress: '198.51.100.1', allocationId: 'eipalloc-1' },
    },
    { mode: 'route', address, interfaceId, routeTableIds: ['rtb-1'] },
    { mode: 'privateIp', address, interfaceId, subnetId: 'subnet-1' },
  ])('in mode $mode is the address that packets for the virtual IP have on a balancer', (virtualIp) => {
    const view = balancerView({ listeners: [listener('mqtt', { onlyAtVirtualIp: true })], virtualIp });
    expect(haproxyConfig(view)).toContain(`tcp-request connection reject unless { dst ${address} }\n`);
  });
});
