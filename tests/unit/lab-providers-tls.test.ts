import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tlsProvider } from '../../lab/providers/tls/provider';
import { openSecrets } from '../../lab/providers/values';
import { created, operation, text, urnOf } from './lab-providers-operations';

const keyType = 'tls:index/privateKey:PrivateKey';
const certType = 'tls:index/locallySignedCert:LocallySignedCert';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

async function authority(algorithm: string) {
  const key = await created(tlsProvider, keyType, { algorithm, ecdsaCurve: 'P256' });
  const caPrivateKeyPem = text(key.values, 'privateKeyPem');
  const ca = await created(tlsProvider, 'tls:index/selfSignedCert:SelfSignedCert', {
    privateKeyPem: caPrivateKeyPem,
    subject: { commonName: 'Test CA', organization: 'Größe, Inc' },
    isCaCertificate: true,
    validityPeriodHours: 48,
    allowedUses: ['cert_signing', 'crl_signing'],
  });
  return { caPrivateKeyPem, caCertPem: text(ca.values, 'certPem') };
}

async function signed(algorithm: string, more: Record<string, unknown> = {}) {
  const ca = await authority(algorithm);
  const key = await created(tlsProvider, keyType, { algorithm, ecdsaCurve: 'P384' });
  const request = await created(tlsProvider, 'tls:index/certRequest:CertRequest', {
    privateKeyPem: text(key.values, 'privateKeyPem'),
    subject: { commonName: 'broker.example' },
    dnsNames: ['broker.example'],
    ipAddresses: ['127.0.0.1', '2001:db8::1'],
  });
  const inputs = {
    ...ca,
    certRequestPem: text(request.values, 'certRequestPem'),
    validityPeriodHours: 24,
    allowedUses: ['digital_signature', 'key_encipherment', 'server_auth'],
    ...more,
  };
  const cert = await created(tlsProvider, certType, inputs);
  return { ca, key, inputs, cert };
}

describe('private keys', () => {
  it.each([
    ['ED25519', undefined, 'ssh-ed25519'],
    ['RSA', undefined, 'ssh-rsa'],
    ['ECDSA', 'P256', 'ecdsa-sha2-nistp256'],
    ['ECDSA', 'P384', 'ecdsa-sha2-nistp384'],
    ['ECDSA', 'P521', 'ecdsa-sha2-nistp521'],
  ])('%s %s is the same key in every format', async (algorithm, ecdsaCurve, sshType) => {
    const inputs = { algorithm, ...(ecdsaCurve === undefined ? {} : { ecdsaCurve }) };
    const { values } = await created(tlsProvider, keyType, inputs);
    const openssh = file(`${algorithm}${ecdsaCurve ?? ''}`, text(values, 'privateKeyOpenssh'));
    const [type, blob] = execFileSync('ssh-keygen', ['-y', '-f', openssh], { encoding: 'utf8' })
      .trim()
      .split(' ');
    expect(type).toBe(sshType);
    expect(`${type ?? ''} ${blob ?? ''}\n`).toBe(text(values, 'publicKeyOpenssh'));
    expect(execFileSync('ssh-keygen', ['-lf', openssh], { encoding: 'utf8' })).toContain(
      text(values, 'publicKeyFingerprintSha256'),
    );
    for (const name of ['privateKeyPem', 'privateKeyPemPkcs8']) {
      const publicKey = createPublicKey(createPrivateKey(text(values, name)));
      expect(publicKey.export({ type: 'spki', format: 'pem' })).toBe(text(values, 'publicKeyPem'));
    }
  });

  it('P224 has no OpenSSH form', async () => {
    const { values } = await created(tlsProvider, keyType, { algorithm: 'ECDSA' });
    expect(values).toMatchObject({ ecdsaCurve: 'P224', publicKeyOpenssh: '', privateKeyOpenssh: '' });
  });

  it('keeps private parts secret, and nothing else', async () => {
    const { secretNames } = await created(tlsProvider, keyType, { algorithm: 'ED25519' });
    expect([...secretNames].sort()).toEqual(['privateKeyOpenssh', 'privateKeyPem', 'privateKeyPemPkcs8']);
  });
});

describe('certificates', () => {
  it.each(['ECDSA', 'RSA', 'ED25519'])(
    'signed with %s pass the strict check of openssl',
    async (algorithm) => {
      const { ca, cert } = await signed(algorithm);
      const caFile = file(`${algorithm}-ca.pem`, ca.caCertPem);
      const certFile = file(`${algorithm}-cert.pem`, text(cert.values, 'certPem'));
      const verdict = execFileSync('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        caFile,
        certFile,
      ]);
      expect(verdict.toString()).toBe(`${certFile}: OK\n`);
    },
  );

  it('serve TLS to a client that trusts the CA and asks for the address', async () => {
    const { ca, key, cert } = await signed('ECDSA');
    const server = createServer({
      cert: text(cert.values, 'certPem'),
      key: text(key.values, 'privateKeyPem'),
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const reach = (trusted: string) =>
      new Promise<boolean>((done) => {
        const socket = connect({ host: '127.0.0.1', port, ca: trusted }, () => {
          done(socket.authorized);
          socket.destroy();
        });
        socket.on('error', () => done(false));
      });
    try {
      expect(await reach(ca.caCertPem)).toBe(true);
      expect(await reach((await authority('ECDSA')).caCertPem)).toBe(false);
    } finally {
      server.close();
    }
  });

  it('are replaced when their renewal time has come, without a changed input', async () => {
    const due = await signed('ECDSA', { earlyRenewalHours: 24 });
    expect(due.cert.values['readyForRenewal']).toBe(true);
    const diff = await tlsProvider.diff(due.cert.id, urnOf(certType), due.cert.outs, due.inputs, due.inputs);
    expect(diff).toMatchObject({ changes: true, replaces: ['readyForRenewal'] });
  });

  it('stay while their renewal time is ahead, and another renewal time is no replacement', async () => {
    const { cert, inputs } = await signed('ECDSA', { earlyRenewalHours: 1 });
    const same = await tlsProvider.diff(cert.id, urnOf(certType), cert.outs, inputs, inputs);
    expect(same.changes).toBe(false);
    const later = await tlsProvider.diff(
      cert.id,
      urnOf(certType),
      cert.outs,
      { ...inputs, earlyRenewalHours: 2 },
      inputs,
    );
    expect(later).toMatchObject({ changes: true, replaces: [] });
    const longer = await tlsProvider.diff(
      cert.id,
      urnOf(certType),
      cert.outs,
      { ...inputs, validityPeriodHours: 25 },
      inputs,
    );
    expect(longer.replaces).toEqual(['validityPeriodHours']);
  });

  it('say in the state that their time has come after a refresh, and no more after an update', async () => {
    const { cert, inputs } = await signed('ECDSA', { earlyRenewalHours: 1 });
    const aged = { ...cert.outs, validityEndTime: '2020-01-01T00:00:00Z' };
    const found = await tlsProvider.read?.(cert.id, urnOf(certType), aged, inputs);
    expect(found?.props?.['readyForRenewal']).toBe(true);
    const fresh = await tlsProvider.read?.(cert.id, urnOf(certType), cert.outs, inputs);
    expect(openSecrets(fresh?.props ?? {}).values['readyForRenewal']).toBe(false);
    const ready = { ...cert.outs, readyForRenewal: true };
    const { outs } = await tlsProvider.update(
      cert.id,
      urnOf(certType),
      ready,
      { ...inputs, earlyRenewalHours: 2 },
      operation(),
    );
    expect(openSecrets(outs).values['readyForRenewal']).toBe(false);
  });

  it('refuse an unknown use and an unknown input by name', async () => {
    const check = await tlsProvider.check(
      urnOf(certType),
      {},
      {
        caCertPem: 'x',
        caPrivateKeyPem: 'x',
        certRequestPem: 'x',
        validityPeriodHours: 24,
        allowedUses: ['serverAuth'],
        colour: 'red',
      },
    );
    expect(JSON.stringify(check.failures)).toContain('is \\"serverAuth\\"; allowed are');
    expect(JSON.stringify(check.failures)).toContain('colour');
  });
});
