import type * as pulumi from '@pulumi/pulumi';

/** Makes certificates, or takes yours. */
export type CertificatesArgs = GeneratedCertificatesArgs | GivenCertificateArgs;

/** A CA and a server certificate that the component makes. */
export interface GeneratedCertificatesArgs {
  /** DNS names of the service, beside the addresses. @default none */
  dnsNames?: pulumi.Input<string>[];
  /** The organisation named in the certificates. @default the component's name */
  organization?: string;
  /** Days that the server certificate is valid, 2 to 825. It is renewed by the first `pulumi up` within the last third. @default 365 */
  validityDays?: number;
  /** Days that the CA is valid, `validityDays` to 7300. @default 3650 */
  caValidityDays?: number;
}

/** A server certificate that exists already. */
export interface GivenCertificateArgs {
  /** PEM: the server's certificate first, then what leads to the CA. */
  certificateChain: pulumi.Input<string>;
  /** PEM: the certificate's private key, not encrypted. @secret */
  privateKey: pulumi.Input<string>;
  /** PEM: the CA that clients are to trust. */
  ca: pulumi.Input<string>;
  /** DNS names that clients use: the certificate must have them. @default none, which checks none */
  dnsNames?: string[];
}

/** What the certificate must name. */
export interface CertificateNames {
  /** Addresses that clients connect to, the VIP among them. */
  readonly ipAddresses: readonly pulumi.Input<string>[];
}

/** True where the arguments bring a certificate. */
export function isGivenCertificate(args: CertificatesArgs): args is GivenCertificateArgs {
  return 'certificateChain' in args;
}
