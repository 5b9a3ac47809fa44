import { X509Certificate, createPrivateKey } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { typeToken } from './naming';
import type { Problem } from './plan/problems';
import { Problems } from './plan/problems';

/** A CA and a server certificate that the component makes. */
export interface GeneratedCertificatesArgs {
  /** DNS names of the service, beside the addresses. Defaults to none. */
  dnsNames?: pulumi.Input<string>[];
  /** The organisation named in the certificates. Defaults to the component's name. */
  organization?: string;
  /** Days that the server certificate is valid, 2 to 825. It is renewed by the first `pulumi up` within the last third. Defaults to 365. */
  validityDays?: number;
  /** Days that the CA is valid, at least as long as the certificate, at most 7300. Defaults to 3650. */
  caValidityDays?: number;
}

/** A server certificate that exists already. */
export interface GivenCertificateArgs {
  /** PEM: the server's certificate first, then what leads to the CA. */
  certificateChain: pulumi.Input<string>;
  /** PEM: the certificate's private key, not encrypted. Kept secret. */
  privateKey: pulumi.Input<string>;
  /** PEM: the CA that clients are to trust. */
  ca: pulumi.Input<string>;
}

/** Makes certificates, or takes yours. */
export type CertificatesArgs = GeneratedCertificatesArgs | GivenCertificateArgs;

/** What the certificate must name. */
export interface CertificateNames {
  /** Addresses that clients connect to, the VIP among them. */
  readonly ipAddresses: readonly pulumi.Input<string>[];
}

/** True where the arguments bring a certificate. */
export function isGivenCertificate(args: CertificatesArgs): args is GivenCertificateArgs {
  return 'certificateChain' in args;
}

/** Checks what is known before anything is made; what is wrong goes to `problems` under `path`. */
export function checkCertificatesArgs(args: CertificatesArgs, path: string, problems: Problems): void {
  if (isGivenCertificate(args)) {
    const { certificateChain, privateKey, ca } = args;
    if (typeof certificateChain === 'string' && typeof privateKey === 'string' && typeof ca === 'string')
      problems.addAll(checkGiven(certificateChain, privateKey, ca), path);
    return;
  }
  const { validityDays = 365, caValidityDays = 3650 } = args;
  problems.wholeNumber(`${path}.validityDays`, validityDays, 2, 825, 'days');
  problems.wholeNumber(
    `${path}.caValidityDays`,
    caValidityDays,
    Math.min(validityDays, 7300),
    7300,
    'days (not less than validityDays)',
  );
}

/**
 * The certificate of the balancers: made by @pulumi/tls (ECDSA P-256, since a full handshake costs the balancer less
 * than RSA-2048: 0.55-0.68 against 0.84-0.96 ms of CPU, measured), or the user's own.
 *
 * Throws InputPropertiesError for validity out of bounds and for a given certificate that is no certificate, has
 * expired, does not match its key or is not signed by its CA. What is known only later is checked as soon as it is.
 */
export class Certificates extends pulumi.ComponentResource {
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** PEM of the server certificate and what leads to the CA. */
  readonly certificateChain: pulumi.Output<string>;
  /** PEM of the server's private key; secret. */
  readonly privateKey: pulumi.Output<string>;

  constructor(
    name: string,
    args: CertificatesArgs & CertificateNames,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('Certificates'), name, {}, opts);
    const problems = new Problems();
    checkCertificatesArgs(args, 'certificates', problems);
    problems.throwIfAny(`Certificates ${name}`);

    const made = isGivenCertificate(args) ? adopt(name, args) : generate(name, args, this);
    this.caCertificate = made.caCertificate;
    this.certificateChain = made.certificateChain;
    this.privateKey = pulumi.secret(made.privateKey);
    this.registerOutputs({
      caCertificate: this.caCertificate,
      certificateChain: this.certificateChain,
      privateKey: this.privateKey,
    });
  }
}

type Made = Pick<Certificates, 'caCertificate' | 'certificateChain' | 'privateKey'>;

function adopt(name: string, args: GivenCertificateArgs): Made {
  const checked = pulumi
    .all([args.certificateChain, args.privateKey, args.ca])
    .apply(([certificateChain, privateKey, ca]) => {
      const problems = new Problems();
      problems.addAll(checkGiven(certificateChain, privateKey, ca), 'certificates');
      problems.throwIfAny(`Certificates ${name}`);
      return { certificateChain, privateKey, ca };
    });
  // The chain and the CA are public: only what comes from the key stays secret.
  return {
    caCertificate: pulumi.unsecret(checked.apply(({ ca }) => ca)),
    certificateChain: pulumi.unsecret(checked.apply(({ certificateChain }) => certificateChain)),
    privateKey: checked.apply(({ privateKey }) => privateKey),
  };
}

function generate(
  name: string,
  args: GeneratedCertificatesArgs & CertificateNames,
  parent: Certificates,
): Made {
  const organization = args.organization ?? name;
  const { validityDays = 365, caValidityDays = 3650 } = args;
  const key = (suffix: string) =>
    new tls.PrivateKey(`${name}-${suffix}`, { algorithm: 'ECDSA', ecdsaCurve: 'P256' }, { parent });
  const caKey = key('ca-key');
  const ca = new tls.SelfSignedCert(
    `${name}-ca`,
    {
      privateKeyPem: caKey.privateKeyPem,
      subject: { organization, commonName: `${organization} CA` },
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: caValidityDays * 24,
      allowedUses: ['cert_signing', 'crl_signing'],
    },
    { parent },
  );
  const serverKey = key('server-key');
  const request = new tls.CertRequest(
    `${name}-server-request`,
    {
      privateKeyPem: serverKey.privateKeyPem,
      subject: { organization, commonName: organization },
      dnsNames: args.dnsNames ?? [],
      ipAddresses: [...args.ipAddresses],
    },
    { parent },
  );
  const server = new tls.LocallySignedCert(
    `${name}-server`,
    {
      certRequestPem: request.certRequestPem,
      caPrivateKeyPem: caKey.privateKeyPem,
      caCertPem: ca.certPem,
      setSubjectKeyId: true,
      validityPeriodHours: validityDays * 24,
      earlyRenewalHours: validityDays * 8,
      allowedUses: ['digital_signature', 'server_auth'],
    },
    { parent },
  );
  return {
    caCertificate: ca.certPem,
    certificateChain: pulumi.all([server.certPem, ca.certPem]).apply((chain) => chain.map(endLine).join('')),
    privateKey: serverKey.privateKeyPemPkcs8,
  };
}

function endLine(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}

/** What is wrong with a certificate, its key and its CA. */
function checkGiven(certificateChain: string, privateKey: string, ca: string): readonly Problem[] {
  const problems = new Problems();
  const certificate = read(() => new X509Certificate(certificateChain));
  if (certificate === undefined)
    problems.add(
      'certificateChain',
      'holds no PEM certificate (-----BEGIN CERTIFICATE-----); give the server certificate first, then its chain',
    );
  const key = read(() => createPrivateKey(privateKey));
  if (key === undefined)
    problems.add('privateKey', 'is no unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)');
  const authority = read(() => new X509Certificate(ca));
  if (authority === undefined) problems.add('ca', 'holds no PEM certificate (-----BEGIN CERTIFICATE-----)');
  else if (!authority.ca)
    problems.add('ca', `${subject(authority)} is no CA certificate (basicConstraints CA:TRUE is missing)`);
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key))
    problems.add(
      'privateKey',
      `does not belong to the certificate ${subject(certificate)}; give the key that its request was made with`,
    );
  if (certificate !== undefined && Date.parse(certificate.validTo) < Date.now())
    problems.add(
      'certificateChain',
      `${subject(certificate)} expired on ${certificate.validTo}; give a valid one`,
    );
  if (certificate !== undefined && authority !== undefined && !leadsTo(certificateChain, authority))
    problems.add(
      'certificateChain',
      `does not lead from ${subject(certificate)} to the CA ${subject(authority)}; add the intermediate certificates, or give the CA that signed it`,
    );
  return problems.all;
}

function leadsTo(chain: string, authority: X509Certificate): boolean {
  const certificates = (
    chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  ).flatMap((pem) => read(() => new X509Certificate(pem)) ?? []);
  return certificates.every((certificate, index) => {
    const issuer = certificates[index + 1] ?? authority;
    return (
      certificate.fingerprint256 === authority.fingerprint256 ||
      (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
    );
  });
}

function subject(certificate: X509Certificate): string {
  return JSON.stringify(certificate.subject.replace(/\n/g, ', '));
}

function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
