import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { X509Certificate } from 'node:crypto';
import { typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import { subjectOf } from './contents';
import { checkGivenCertificate } from './given';

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
  /** DNS names that clients use: the certificate must have them. Defaults to none, which checks none. */
  dnsNames?: string[];
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
    const { certificateChain, privateKey, ca, dnsNames = [] } = args;
    if (typeof certificateChain === 'string' && typeof privateKey === 'string' && typeof ca === 'string')
      checkGivenCertificate({ certificateChain, privateKey, ca, dnsNames }, path, problems);
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
 * Throws InputPropertiesError for validity out of bounds and for a given certificate that is no certificate, is out of
 * its time, does not match its key or names, or is not signed by its CA. What is known only later is checked as soon as
 * it is; one that names neither the VIP nor any DNS name is taken with a warning.
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

    const made = isGivenCertificate(args) ? adopt(name, args, this) : generate(name, args, this);
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

function adopt(name: string, args: GivenCertificateArgs & CertificateNames, parent: Certificates): Made {
  const checked = pulumi
    .all([args.certificateChain, args.privateKey, args.ca])
    .apply(([certificateChain, privateKey, ca]) => {
      const problems = new Problems();
      const { dnsNames = [] } = args;
      checkGivenCertificate({ certificateChain, privateKey, ca, dnsNames }, 'certificates', problems);
      problems.throwIfAny(`Certificates ${name}`);
      return { certificateChain, privateKey, ca };
    });
  // The chain and the CA are public: only what comes from the key stays secret.
  const certificateChain = pulumi.unsecret(checked.apply((given) => given.certificateChain));
  pulumi.all([certificateChain, pulumi.all([...args.ipAddresses])]).apply(([chain, addresses]) => {
    warnOfNames(new X509Certificate(chain), addresses, parent);
  });
  return {
    caCertificate: pulumi.unsecret(checked.apply(({ ca }) => ca)),
    certificateChain,
    privateKey: checked.apply(({ privateKey }) => privateKey),
  };
}

/** By which DNS name clients come only they know; without any they come by address. */
function warnOfNames(server: X509Certificate, addresses: readonly string[], resource: Certificates): void {
  const names = server.subjectAltName ?? '';
  if (names.includes('DNS:') || addresses.some((address) => server.checkIP(address) !== undefined)) return;
  void pulumi.log.warn(
    `certificates.certificateChain: ${subjectOf(server)} names neither ${addresses.join(', ')} nor any DNS name` +
      ` (${names === '' ? 'it has no subjectAltName' : names}): clients that check names will refuse it`,
    resource,
  );
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
