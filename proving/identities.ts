import 'reflect-metadata';
import { randomBytes, webcrypto, type webcrypto as WebCrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** When something is good, in days from now. */
export interface Period {
  readonly from?: number;
  readonly to?: number;
}

export interface IdentityOptions extends Period {
  readonly signer?: Identity;
  readonly isAuthority?: boolean;
  /** How many CAs may stand below a CA. */
  readonly pathLength?: number;
  readonly dnsNames?: readonly string[];
  /** Object ids of the extended key usage. */
  readonly uses?: string[];
  readonly keyUsages?: x509.KeyUsageFlags;
  /** Other extensions. */
  readonly extensions?: readonly x509.Extension[];
  /** An RSA key of so many bits; ECDSA P-256 otherwise. */
  readonly rsaBits?: number;
  /** What it is signed with, where its signer has an RSA key. */
  readonly hash?: 'SHA-1' | 'SHA-256';
  /** The key of another identity, for a certificate that is issued anew. */
  readonly keysOf?: Identity;
  /** True names keys by their ids, as CAs of today do. */
  readonly keyIds?: boolean;
}

export interface ListOptions extends Period {
  readonly revoked?: readonly Identity[];
  readonly extensions?: readonly x509.Extension[];
}

/** A certificate with its key: of a CA, or signed by one. */
export class Identity {
  private constructor(
    private readonly certificate: x509.X509Certificate,
    private readonly keys: WebCrypto.CryptoKeyPair,
    /** PEM of the private key. */
    readonly key: string,
  ) {}

  static async make(commonName: string, options: IdentityOptions = {}): Promise<Identity> {
    const { signer, isAuthority = false, dnsNames = [], uses, hash = 'SHA-256' } = options;
    const keys = options.keysOf?.keys ?? (await makeKeys(options.rsaBits));
    const signingKey = (signer?.keys ?? keys).privateKey;
    const certificate = await x509.X509CertificateGenerator.create({
      // Never with the highest bit set, which certificates and lists of the library encode differently.
      serialNumber: `1${randomBytes(8).toString('hex').slice(1)}`,
      subject: `CN=${commonName}`,
      issuer: signer?.certificate.subject ?? `CN=${commonName}`,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: { ...signingKey.algorithm, hash },
      notBefore: dayFromNow(options.from ?? -1),
      notAfter: dayFromNow(options.to ?? 30),
      extensions: [
        new x509.BasicConstraintsExtension(isAuthority, options.pathLength, true),
        ...(dnsNames.length === 0
          ? []
          : [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value })))]),
        ...(uses === undefined ? [] : [new x509.ExtendedKeyUsageExtension(uses)]),
        ...(options.keyUsages === undefined ? [] : [new x509.KeyUsagesExtension(options.keyUsages, true)]),
        ...(options.keyIds === true ? await keyIds(keys, signer?.keys ?? keys) : []),
        ...(options.extensions ?? []),
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
  static async authority(commonName: string, options: IdentityOptions = {}) {
    return Identity.make(commonName, { ...options, isAuthority: true });
  }

  /** PEM of the certificate. */
  get pem(): string {
    return `${this.certificate.toString('pem').trimEnd()}\n`;
  }

  /** PEM of a revocation list that this CA signs. */
  async revocationList({
    from = -1,
    to = 30,
    revoked = [],
    extensions = [],
  }: ListOptions = {}): Promise<string> {
    const signingKey = this.keys.privateKey;
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: dayFromNow(from),
      nextUpdate: dayFromNow(to),
      entries: revoked.map(({ certificate: { serialNumber } }) => ({
        serialNumber,
        revocationDate: dayFromNow(from),
      })),
      extensions: [...extensions],
      signingAlgorithm: { ...signingKey.algorithm, hash: 'SHA-256' },
      signingKey,
    });
    // OpenSSL's label; the library writes CRL.
    return `${list.toString('pem').trimEnd()}\n`.replaceAll(' CRL-', ' X509 CRL-');
  }
}

async function makeKeys(rsaBits: number | undefined): Promise<WebCrypto.CryptoKeyPair> {
  const algorithm =
    rsaBits === undefined
      ? ecdsa
      : {
          ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: rsaBits },
          publicExponent: new Uint8Array([1, 0, 1]),
        };
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function keyIds(
  own: WebCrypto.CryptoKeyPair,
  signer: WebCrypto.CryptoKeyPair,
): Promise<readonly x509.Extension[]> {
  return [
    await x509.SubjectKeyIdentifierExtension.create(own.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
  ];
}

function dayFromNow(days: number): Date {
  return new Date(Date.now() + days * 24 * 60 * 60 * 1_000);
}

/** What examples are told of devices with certificates of a CA, by the names of their settings. */
export async function deviceSettings(): Promise<Readonly<Record<string, string>>> {
  const ca = await Identity.authority('devices');
  const device = await Identity.make('thermostat-1', { signer: ca });
  return { deviceCa: ca.pem, deviceCrl: await ca.revocationList(), deviceSample: device.pem };
}
