import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1_000;
const notBefore = new Date(Date.now() - day);
const notAfter = new Date(Date.now() + 30 * day);

export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly crl: string;
}

/** Three keys of 80 bytes, as host/balancer/tickets.py makes them. */
export const ticketKeys = [1, 2, 3].map((byte) => `${Buffer.alloc(80, byte).toString('base64')}\n`).join('');

/** An authority, a certificate for localhost with its key, and an empty revocation list. */
export async function makeCertificates(): Promise<Certificates> {
  x509.cryptoProvider.set(webcrypto);
  const caKeys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const period = { notBefore, notAfter, signingAlgorithm: signing };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    ...period,
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
    ...period,
  });
  const crl = await x509.X509CrlGenerator.create({
    issuer: ca.subject,
    thisUpdate: notBefore,
    nextUpdate: notAfter,
    signingAlgorithm: signing,
    signingKey: caKeys.privateKey,
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    ca: file(ca.toString('pem')),
    certificate: file(certificate.toString('pem')),
    // OpenSSL's label; the library writes CRL.
    crl: file(crl.toString('pem')).replaceAll(' CRL-', ' X509 CRL-'),
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

const file = (pem: string) => `${pem.trimEnd()}\n`;
