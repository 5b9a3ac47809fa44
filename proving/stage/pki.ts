import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1_000;
const period = {
  notBefore: new Date(Date.now() - day),
  notAfter: new Date(Date.now() + 30 * day),
  signingAlgorithm: signing,
};

export interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
  readonly serialNumber: string;
}

/** An authority for clients' certificates, with revocation lists as they are published one after the other. */
export class ClientAuthority {
  private issued = 0;

  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly keys: webcrypto.CryptoKeyPair,
  ) {}

  static async make(name: string): Promise<ClientAuthority> {
    x509.cryptoProvider.set(webcrypto);
    const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
    const extensions = [new x509.BasicConstraintsExtension(true, 0, true)];
    return new ClientAuthority(
      await x509.X509CertificateGenerator.createSelfSigned({
        name: `CN=${name}`,
        keys,
        extensions,
        ...period,
      }),
      keys,
    );
  }

  get pem(): string {
    return `${this.certificate.toString('pem').trimEnd()}\n`;
  }

  async issue(commonName: string): Promise<ClientIdentity> {
    const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
    this.issued += 1;
    const certificate = await x509.X509CertificateGenerator.create({
      // Never with the highest bit set, which certificates and lists of the library encode differently.
      serialNumber: this.issued.toString(16).padStart(4, '0'),
      subject: `CN=${commonName}`,
      issuer: this.certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      ...period,
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      cert: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
      serialNumber: certificate.serialNumber,
    };
  }

  /** A revocation list that names these. */
  async revoke(revoked: readonly ClientIdentity[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: period.notBefore,
      nextUpdate: period.notAfter,
      entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: period.notBefore })),
      signingAlgorithm: signing,
      signingKey: this.keys.privateKey,
    });
    // OpenSSL's label; the library writes CRL.
    return `${list.toString('pem').trimEnd()}\n`.replaceAll(' CRL-', ' X509 CRL-');
  }
}
