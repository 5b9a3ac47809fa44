import type * as pulumi from '@pulumi/pulumi';

/** Certificates, made or given. */
export interface CertificateParts {
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** PEM of the server certificate and what leads to the CA. */
  readonly certificateChain: pulumi.Output<string>;
  /** PEM of the server's private key. */
  readonly privateKey: pulumi.Output<string>;
}
