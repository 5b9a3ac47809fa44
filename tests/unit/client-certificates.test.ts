import { beforeAll, describe, expect, it } from 'vitest';
import type { ClientCertificatesArgs } from '../../components';
import { planListeners } from '../../components/listeners/plan';
import { endingSoon } from '../../components/certificates/revocationLists';
import { Problems } from '../../components/rendering/problems';
import { readConfiguration } from '../../infra/configuration';
import { Identity } from '../../proving/identities';

let authority: Identity;
let other: Identity;
let below: Identity;
beforeAll(async () => {
  authority = await Identity.authority('fleet CA');
  other = await Identity.authority('other CA');
  below = await Identity.authority('site CA', { signer: authority });
});

const at = 'listeners.mqtts.clientCertificates';

function problemsOf(clientCertificates: ClientCertificatesArgs): readonly string[] {
  const problems = new Problems();
  planListeners({ mqtts: { clientCertificates } }, problems);
  return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
}
const refusedAuthority = (ca: string) => problemsOf({ verify: 'required', ca });
const refusedList = (crl: string, ca = authority.pem) => problemsOf({ verify: 'required', ca, crl });

describe('CAs of clients', () => {
  it('are taken with a list of each, root and intermediate', async () => {
    const lists = (await authority.revocationList()) + (await below.revocationList());
    expect(refusedList(lists, authority.pem + below.pem)).toEqual([]);
  });

  it('that are none are refused', async () => {
    const device = await Identity.make('device', { signer: authority });
    expect(refusedAuthority(authority.pem + device.pem)).toEqual([
      `${at}.ca: "CN=device" is no CA certificate (basicConstraints CA:TRUE is missing); give that of the CA which signed it`,
    ]);
    const garbage = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n';
    expect(refusedAuthority(authority.pem + garbage)).toEqual([
      `${at}.ca: has no X.509 certificate in its PEM block 2; give certificates as their CA made them`,
    ]);
    expect(refusedAuthority('ca.pem')).toEqual([
      `${at}.ca: is not PEM; allowed: one or more blocks of CERTIFICATE (-----BEGIN CERTIFICATE-----) and nothing else`,
    ]);
  });

  it('without what leads up to their root are refused', () => {
    expect(refusedAuthority(below.pem)).toEqual([
      `${at}.ca: "CN=site CA" is signed by "CN=fleet CA", which is not among them, and OpenSSL takes nobody whose chain ends at no root: add the certificates that lead from it up to its root`,
    ]);
  });

  it('with a private key among them are refused, and nothing of the key is told', () => {
    expect(refusedAuthority(authority.pem + authority.key)).toEqual([
      `${at}.ca: holds a PRIVATE KEY; allowed: PEM blocks of CERTIFICATE only`,
    ]);
  });

  it('out of their time are refused', async () => {
    const expired = await Identity.authority('old CA', { from: -9, to: -1 });
    expect(refusedAuthority(expired.pem)).toEqual([
      expect.stringMatching(/\.ca: "CN=old CA" expired on \d{4}-\d\d-\d\dT\S+Z; give one that is valid now$/),
    ]);
    const early = await Identity.authority('new CA', { from: 1 });
    expect(refusedAuthority(early.pem)).toEqual([
      expect.stringMatching(/\.ca: "CN=new CA" is not valid before \S+Z; give one that is valid now$/),
    ]);
  });

  it('are needed where clients show certificates', () => {
    const problems = new Problems();
    // As from JavaScript, where no compiler asks for it.
    const args = JSON.parse('{"mqtts":{"clientCertificates":{"verify":"always"}}}') as Parameters<
      typeof planListeners
    >[0];
    planListeners(args, problems);
    expect(problems.all.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      `${at}.verify: is "always"; optional, required are allowed`,
      `${at}.ca: is missing; give PEM of the CAs that sign your clients, or leave mutual TLS out`,
    ]);
  });
});

describe('revocation lists', () => {
  it('that are none are refused', () => {
    expect(refusedList(authority.pem)).toEqual([
      `${at}.crl: holds a CERTIFICATE; allowed: PEM blocks of X509 CRL only`,
    ]);
    expect(refusedList('-----BEGIN X509 CRL-----\nTUlJQg==\n-----END X509 CRL-----\n')).toEqual([
      `${at}.crl: has no revocation list in its PEM block 1; give it as the CA made it`,
    ]);
  });

  it('of another CA are refused, also of one with the same name', async () => {
    const namesake = await Identity.authority('fleet CA');
    expect(refusedList(await other.revocationList())).toEqual([
      `${at}.crl: has no list of the CA "CN=fleet CA" (it has those of "CN=other CA"), and OpenSSL would refuse all of its clients; add that CA's, empty if need be`,
    ]);
    expect(refusedList(await namesake.revocationList())).toEqual([
      `${at}.crl: its list 1 names the CA "CN=fleet CA" and is not signed by it; give the list that it signed`,
    ]);
  });

  it('of CAs that clients bring are taken beside those of the CAs given', async () => {
    const lists = (await authority.revocationList()) + (await below.revocationList());
    expect(refusedList(lists)).toEqual([]);
  });

  it('of a root alone are refused until a sample tells who signs the clients', async () => {
    const crl = await authority.revocationList();
    const ofSample = (...sample: Identity[]) =>
      problemsOf({
        ...{ verify: 'required', ca: authority.pem, crl },
        samples: sample.map(({ pem }) => pem).length === 0 ? [] : [sample.map(({ pem }) => pem).join('')],
      });
    expect(ofSample()).toEqual([
      expect.stringMatching(
        /crl: has a list of the root CA "CN=fleet CA" and of no CA below it.*Give samples/,
      ),
    ]);
    expect(ofSample(await Identity.make('device', { signer: authority }))).toEqual([]);
    expect(ofSample(await Identity.make('device', { signer: below }), below)).toEqual([
      `${at}.samples[0]: "CN=device" would be refused: crl has no list of the CA "CN=site CA" (it has those of "CN=fleet CA"), and OpenSSL would refuse all of its clients; add that CA's, empty if need be`,
    ]);
    const strict = await Identity.authority('strict CA', { pathLength: 0 });
    expect(refusedList(await strict.revocationList(), strict.pem)).toEqual([]);
  });

  it('past their nextUpdate are taken where the old one is to count on', async () => {
    const strict = await Identity.authority('strict CA', { pathLength: 0 });
    const crl = await strict.revocationList({ from: -9, to: -1 });
    const given = { verify: 'required', ca: strict.pem, crl } as const;
    expect(problemsOf({ ...given, afterCrlEnds: 'keep' })).toEqual([]);
    expect(problemsOf({ ...given, afterCrlEnds: 'refuse' })).toHaveLength(1);
  });

  it('that end within a third of their time, or two weeks, are told of', async () => {
    const soon = async (from: number, to: number) => endingSoon(await authority.revocationList({ from, to }));
    expect(await soon(-6, 1.9)).toEqual([
      expect.stringMatching(/^its list 1 of "CN=fleet CA" ends on \S+Z$/),
    ]);
    expect(await soon(-1, 6)).toEqual([]);
    expect(await soon(-90, 13)).toHaveLength(1);
    expect(await soon(-90, 15)).toEqual([]);
  });

  it('that are missing say so where something is to happen after their end', () => {
    expect(problemsOf({ verify: 'required', ca: authority.pem, afterCrlEnds: 'keep' })).toEqual([
      `${at}.afterCrlEnds: is for revocation lists, and there is no crl; leave it out`,
    ]);
  });

  it('past their nextUpdate, or before their thisUpdate, are refused', async () => {
    expect(refusedList(await authority.revocationList({ from: -9, to: -1 }))).toEqual([
      expect.stringMatching(
        /\.crl: its list 1 should have been renewed by \S+Z, and OpenSSL would refuse every client/,
      ),
    ]);
    expect(refusedList(await authority.revocationList({ from: 1 }))).toEqual([
      expect.stringMatching(/\.crl: its list 1 is not valid before \S+Z; give one that is valid now$/),
    ]);
  });

  it('that are missing for one of the CAs are refused', async () => {
    expect(refusedList(await authority.revocationList(), authority.pem + other.pem)).toEqual([
      expect.stringContaining('has no list of the CA "CN=other CA"'),
    ]);
  });

  it('are checked in a stack configuration, with all else that is wrong', async () => {
    const clientCertificates = { verify: 'required', ca: authority.pem, crl: await other.revocationList() };
    const read = () =>
      readConfiguration({
        ssh: '{"allowedCidrs":["198.51.100.7/32"]}',
        emqx: '{"brokers":0}',
        listeners: JSON.stringify({ mqtts: { clientCertificates } }),
      });
    expect(read).toThrow(/emqx\.brokers: is 0.*clientCertificates\.crl: has no list of the CA/s);
  });
});

describe('an identity by certificate', () => {
  const problemsFor = (
    mqtts: ClientCertificatesArgs['identity'],
    wss: ClientCertificatesArgs['identity'],
    proxyProtocol = true,
  ) => {
    const problems = new Problems();
    const mutual = { verify: 'required', ca: authority.pem } as const;
    const identity = (value: ClientCertificatesArgs['identity']) => ({
      clientCertificates: { ...mutual, ...(value === undefined ? {} : { identity: value }) },
    });
    planListeners({ mqtts: identity(mqtts), wss: identity(wss) }, problems, { proxyProtocol });
    return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
  };

  it('is for each listener to choose', () => {
    expect(problemsFor('username', undefined)).toEqual([]);
    expect(problemsFor('username', 'clientid')).toEqual([]);
  });

  it.each(['', ' ', 'x'.repeat(257)])('is not had from a sample with the CN %j', async (commonName) => {
    const sample = await Identity.make(commonName, { signer: authority });
    const problemsWith = (identity: 'none' | 'username') =>
      problemsOf({ verify: 'required', ca: authority.pem, samples: [sample.pem], identity });
    expect(problemsWith('none')).toEqual([]);
    expect(problemsWith('username')).toEqual([
      expect.stringMatching(
        /samples\[0\]: .* has (no CN|a CN of 257 bytes), and identity is username: it would be closed/,
      ),
    ]);
  });

  it('needs PROXY protocol, which carries it', () => {
    expect(problemsFor('username', undefined, false)).toEqual([
      `${at}.identity: is username, which needs proxyProtocol: true, by which the name reaches the broker`,
    ]);
  });
});
