import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Certificates, Problems } from '../../components';
import type { ServerKeyType } from '../../components/certificates/arguments';
import type { GivenCertificates } from '../../components/certificates/given';
import { checkGivenCertificate } from '../../components/certificates/given';
import { Identity } from '../../proving/identities';
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

  it('are of each kind of key that is asked for, under one CA, the keys secret', async () => {
    const { certificates, graph } = await made(
      () => new Certificates('certs', { ...names, keyTypes: ['ecdsa', 'rsa'] }),
    );
    const keys = graph.resources.filter(({ type }) => type === 'tls:index/privateKey:PrivateKey');
    expect(keys.map(({ name, inputs }) => [name, inputs['algorithm']])).toEqual([
      ['certs-ca-key', 'ECDSA'],
      ['certs-server-key', 'ECDSA'],
      ['certs-server-rsa-key', 'RSA'],
    ]);
    expect(certificates.further).toHaveLength(1);
    for (const { privateKey, certificateChain } of certificates.further) {
      expect(await isSecret(privateKey)).toBe(true);
      expect(await isSecret(certificateChain)).toBe(false);
    }
  });

  it.each([[[]], [['rsa', 'rsa']], [['dsa']]])('refuse the kinds of key %j', async (keyTypes) => {
    // As from JavaScript, where no compiler asks.
    const args = { ...names, keyTypes: keyTypes as ServerKeyType[] };
    expect(await refusalOf(() => new Certificates('certs', args))).toContain('certificates.keyTypes');
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

  it('brings further ones, known at once or later, whose keys stay secret', async () => {
    const further = [{ certificateChain: read('server.pem'), privateKey: pulumi.secret(read('server.key')) }];
    const { certificates } = await made(
      () =>
        new Certificates('certs', {
          ...{ ...names, certificateChain: read('server.pem'), privateKey: read('server.key') },
          ...{ ca: read('ca.pem'), further },
        }),
    );
    const [second] = certificates.further;
    expect(second && (await valueOf(second.certificateChain))).toBe(read('server.pem'));
    expect(second && (await isSecret(second.certificateChain))).toBe(false);
    expect(second && (await isSecret(second.privateKey))).toBe(true);
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
    [
      'server.key',
      'server.key',
      'ca.pem',
      /certificates\.certificateChain: holds a PRIVATE KEY; allowed: PEM blocks of CERTIFICATE only$/,
    ],
    ['server.pem', 'server.pem', 'ca.pem', /certificates\.privateKey: is no unencrypted PEM private key/],
    ['server.pem', 'server.key', 'server.pem', /certificates\.ca: "CN=server" is no CA certificate/],
  ])('%s with %s under %s is refused', async (chain, key, ca, expected) => {
    expect(await refusalOf(given(chain, key, ca))).toMatch(expected);
  });
});

describe('the contents of a certificate that is given', () => {
  let root: Identity;
  let site: Identity;
  let server: Identity;
  beforeAll(async () => {
    root = await Identity.authority('root CA');
    site = await Identity.authority('site CA', { signer: root });
    server = await Identity.make('server', {
      signer: site,
      dnsNames: ['mqtt.example.com', '*.iot.example.com'],
    });
  });

  const problemsOf = (changes: Partial<GivenCertificates> & { readonly of?: Identity } = {}) => {
    const { of = server, ...others } = changes;
    const problems = new Problems();
    const usual = {
      certificateChain: of.pem + site.pem,
      privateKey: of.key,
      ca: root.pem,
      dnsNames: [],
      further: [],
    };
    checkGivenCertificate({ ...usual, ...others }, 'certificates', problems);
    return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
  };

  it('is taken with its chain, with the root behind it or not, for the names that it has', () => {
    const dnsNames = ['mqtt.example.com', 'eu.iot.example.com'];
    expect(problemsOf({ dnsNames })).toEqual([]);
    expect(problemsOf({ certificateChain: server.pem + site.pem + root.pem, dnsNames })).toEqual([]);
  });

  it('is refused for a name that it has not', () => {
    expect(problemsOf({ dnsNames: ['mqtt.example.com', 'mqtt.example.org'] })).toEqual([
      'certificates.dnsNames[1]: is "mqtt.example.org", which the certificate "CN=server" does not name' +
        ' (DNS:mqtt.example.com, DNS:*.iot.example.com); give a certificate that does, or correct the name',
    ]);
  });

  it('may have others beside it, which are looked into alike and bring their names', async () => {
    const other = await Identity.make('other', {
      signer: site,
      dnsNames: ['other.example.com'],
      rsaBits: 2_048,
    });
    const beside = (privateKey: string) => [{ certificateChain: other.pem + site.pem, privateKey }];
    const dnsNames = ['mqtt.example.com', 'other.example.com'];
    expect(problemsOf({ dnsNames, further: beside(other.key) })).toEqual([]);
    expect(problemsOf({ dnsNames: ['x.example.com'], further: beside(server.key) })).toEqual([
      'certificates.further[0].privateKey: does not belong to the certificate "CN=other"; give the key that its request was made with',
      expect.stringMatching(
        /^certificates\.dnsNames\[0\]: is "x.example.com".*, nor does a further one; give/,
      ),
    ]);
  });

  it('is refused out of order, and with a link missing', () => {
    expect(problemsOf({ certificateChain: server.pem + root.pem })).toEqual([
      `certificates.certificateChain: has "CN=root CA" after "CN=server", which it did not sign; give the server's certificate first, then each one's signer`,
    ]);
    expect(problemsOf({ certificateChain: server.pem })).toEqual([
      'certificates.certificateChain: does not lead from "CN=server" to the CA "CN=root CA"; add the intermediate certificates, or give the CA that signed it',
    ]);
  });

  it('is refused out of its time, with all else that is wrong', async () => {
    const expired = await Identity.make('expired', {
      signer: site,
      from: -9,
      to: -1,
      uses: ['1.3.6.1.5.5.7.3.2'],
    });
    expect(problemsOf({ of: expired, privateKey: server.key })).toEqual([
      'certificates.privateKey: does not belong to the certificate "CN=expired"; give the key that its request was made with',
      expect.stringMatching(
        /^certificates\.certificateChain: "CN=expired" expired on \S+Z; give one that is valid now$/,
      ),
      'certificates.certificateChain: "CN=expired" is not for servers (extendedKeyUsage has no serverAuth), so clients would refuse it; give one that is',
    ]);
    const early = await Identity.make('early', { signer: site, from: 1 });
    expect(problemsOf({ of: early })).toEqual([
      expect.stringMatching(/^certificates\.certificateChain: "CN=early" is not valid before \S+Z/),
    ]);
  });

  it('is refused under a CA that is none or has expired', async () => {
    const expired = await Identity.authority('old CA', { from: -9, to: -1 });
    expect(problemsOf({ ca: server.pem })).toContainEqual(
      expect.stringContaining('certificates.ca: "CN=server" is no CA certificate'),
    );
    expect(problemsOf({ ca: expired.pem })).toContainEqual(
      expect.stringMatching(/^certificates\.ca: "CN=old CA" expired on/),
    );
  });

  it('is refused as soon as it is known where Outputs bring it, and nothing of the key is told', () => {
    const program = join(__dirname, 'refusedOutput.ts');
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, folder], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain(
      'certificates.privateKey: does not belong to the certificate "CN=server"; give the key that its request was made with',
    );
    for (const line of read('ca.key').split('\n').slice(1, -2)) expect(stderr).not.toContain(line);
  });
});

async function made(make: () => Certificates) {
  let certificates: Certificates | undefined;
  const graph = await graphOf(() => {
    certificates = make();
  });
  if (certificates === undefined) throw new Error('nothing was made');
  return { certificates, graph };
}
