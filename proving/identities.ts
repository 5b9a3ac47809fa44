import 'reflect-metadata';
import { webcrypto, type webcrypto as WebCrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** When something is good, in days from now. */
export interface Period {
  readonly from?: number;
  readonly to?: number;
}

/** A certificate with its key: of a CA, or signed by one. */
export class Identity {
  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly keys: WebCrypto.CryptoKeyPair,
    /** PEM of the private key. */
    readonly key: string,
  ) {}

  static async make(
    commonName: string,
    options: Period & {
      readonly signer?: Identity;
      readonly isAuthority?: boolean;
      readonly dnsNames?: readonly string[];
      /** Object ids of the extended key usage. */
      readonly uses?: string[];
    } = {},
  ): Promise<Identity> {
    const { signer, isAuthority = false, dnsNames = [], uses } = options;
    const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`,
      issuer: signer?.certificate.subject ?? `CN=${commonName}`,
      publicKey: keys.publicKey,
      signingKey: (signer?.keys ?? keys).privateKey,
      signingAlgorithm: signing,
      notBefore: dayFromNow(options.from ?? -1),
      notAfter: dayFromNow(options.to ?? 30),
      extensions: [
        new x509.BasicConstraintsExtension(isAuthority, undefined, true),
        ...(dnsNames.length === 0
          ? []
          : [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value })))]),
        ...(uses === undefined ? [] : [new x509.ExtendedKeyUsageExtension(uses)]),
      ],
    });
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return new Identity(
      certificate,
      keys,
      `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
    );
  }

  /** A CA of its own, or below another. */
  static async authority(commonName: string, options: Period & { readonly signer?: Identity } = {}) {
    return Identity.make(commonName, { ...options, isAuthority: true });
  }

  /** PEM of the certificate. */
  get pem(): string {
    return `${this.certificate.toString('pem').trimEnd()}\n`;
  }

  /** PEM of a revocation list that this CA signs. */
  async revocationList({ from = -1, to = 30 }: Period = {}): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: dayFromNow(from),
      nextUpdate: dayFromNow(to),
      signingAlgorithm: signing,
      signingKey: this.keys.privateKey,
    });
    // OpenSSL's label; the library writes CRL.
    return `${list.toString('pem').trimEnd()}\n`.replaceAll(' CRL-', ' X509 CRL-');
  }
}

function dayFromNow(days: number): Date {
  return new Date(Date.now() + days * 24 * 60 * 60 * 1_000);
}
