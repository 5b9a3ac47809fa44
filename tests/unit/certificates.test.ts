import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Certificates } from '../../components';
import { graphOf, isSecret, refusalOf, valueOf } from './resourceGraph';

const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

beforeAll(() => {
  const subject = (name: string) => ['-subj', `/CN=${name}`];
  const newKey = (file: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    file,
  ];
  for (const ca of ['ca', 'other-ca'])
    openssl('req', '-x509', ...newKey(`${ca}.key`), '-out', `${ca}.pem`, '-days', '2', ...subject(ca));
  openssl('req', ...newKey('server.key'), '-out', 'server.csr', ...subject('server'));
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    '2',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const names = { ipAddresses: ['198.51.100.10'] };

describe('certificates that are made', () => {
  it('are a CA and a server certificate that names the VIP, both ECDSA P-256', async () => {
    const graph = await graphOf(
      () => new Certificates('certs', { ...names, dnsNames: ['mqtt.example.com'] }),
    );
    const keys = graph.resources.filter(({ type }) => type === 'tls:index/privateKey:PrivateKey');
    expect(keys.map(({ inputs }) => [inputs['algorithm'], inputs['ecdsaCurve']])).toEqual([
      ['ECDSA', 'P256'],
      ['ECDSA', 'P256'],
    ]);
    expect(graph.one('tls:index/selfSignedCert:SelfSignedCert', 'certs-ca').inputs).toMatchObject({
      isCaCertificate: true,
    });
    expect(graph.one('tls:index/certRequest:CertRequest', 'certs-server-request').inputs).toMatchObject({
      ipAddresses: ['198.51.100.10'],
      dnsNames: ['mqtt.example.com'],
    });
    expect(graph.one('tls:index/locallySignedCert:LocallySignedCert', 'certs-server').inputs).toMatchObject({
      validityPeriodHours: 8760,
      earlyRenewalHours: 2920,
    });
  });

  it('keep the key secret and the certificates readable', async () => {
    const { certificates } = await made(() => new Certificates('certs', names));
    expect(await isSecret(certificates.privateKey)).toBe(true);
    expect(await isSecret(certificates.certificateChain)).toBe(false);
  });

  it('refuse a validity out of bounds', async () => {
    expect(await refusalOf(() => new Certificates('certs', { ...names, validityDays: 900 }))).toContain(
      'certificates.validityDays: is 900; a whole number from 2 to 825 days is allowed',
    );
  });
});

describe('a certificate that is given', () => {
  const given = (chain: string, key: string, ca: string) => () =>
    new Certificates('certs', {
      ...names,
      certificateChain: read(chain),
      privateKey: read(key),
      ca: read(ca),
    });

  it('is taken when it matches its key and leads to its CA', async () => {
    const { certificates } = await made(given('server.pem', 'server.key', 'ca.pem'));
    expect(await valueOf(certificates.certificateChain)).toBe(read('server.pem'));
    expect(await isSecret(certificates.privateKey)).toBe(true);
    expect(await isSecret(certificates.certificateChain)).toBe(false);
  });

  it.each([
    [
      'server.pem',
      'ca.key',
      'ca.pem',
      /certificates\.privateKey: does not belong to the certificate "CN=server"; give the key that its request was made with/,
    ],
    [
      'server.pem',
      'server.key',
      'other-ca.pem',
      /certificates\.certificateChain: does not lead from "CN=server" to the CA "CN=other-ca"/,
    ],
    ['server.key', 'server.key', 'ca.pem', /certificates\.certificateChain: holds no PEM certificate/],
    ['server.pem', 'server.pem', 'ca.pem', /certificates\.privateKey: is no unencrypted PEM private key/],
    ['server.pem', 'server.key', 'server.pem', /certificates\.ca: "CN=server" is no CA certificate/],
  ])('%s with %s under %s is refused', async (chain, key, ca, expected) => {
    expect(await refusalOf(given(chain, key, ca))).toMatch(expected);
  });
});

async function made(make: () => Certificates): Promise<{ certificates: Certificates }> {
  let certificates: Certificates | undefined;
  await graphOf(() => {
    certificates = make();
  });
  if (certificates === undefined) throw new Error('nothing was made');
  return { certificates };
}
