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
  /**
   * Kinds of key, a server certificate for each: `ecdsa` (P-256) and `rsa` (2048 bits), for clients that know no ECDSA.
   * Whoever knows both gets ECDSA, which costs the balancer less.
   * @default `ecdsa` alone
   */
  keyTypes?: ServerKeyType[];
}

/** A kind of private key. */
export type ServerKeyType = 'ecdsa' | 'rsa';

/** A server certificate that exists already. */
export interface GivenCertificateArgs {
  /** PEM: the server's certificate first, then what leads to the CA. */
  certificateChain: pulumi.Input<string>;
  /** PEM: the certificate's private key, not encrypted. @secret */
  privateKey: pulumi.Input<string>;
  /** PEM: the CA that clients are to trust. */
  ca: pulumi.Input<string>;
  /** DNS names that clients use: a certificate must have each. @default none, which checks none */
  dnsNames?: string[];
  /**
   * Other server certificates, signed by the same CAs, 8 at most: of other names, by which clients ask for them (SNI), or
   * of the same names with another kind of key. A client that asks for no name gets the first.
   * @default none
   */
  further?: FurtherCertificateArgs[];
}

/** A server certificate beside the first. */
export interface FurtherCertificateArgs {
  /** What listeners call it in `tls.certificates`: 1 to 24 small letters, digits and hyphens, a letter first. @default `further-1` for the first of them, `further-2`, and so on */
  name?: string;
  /** PEM: the server's certificate first, then what leads to the CA. */
  certificateChain: pulumi.Input<string>;
  /** PEM: the certificate's private key, not encrypted. @secret */
  privateKey: pulumi.Input<string>;
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
