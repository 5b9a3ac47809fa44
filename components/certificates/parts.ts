import type * as pulumi from '@pulumi/pulumi';

/** Certificates, made or given. */
export interface CertificateParts {
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** PEM of the server certificate and what leads to the CA. */
  readonly certificateChain: pulumi.Output<string>;
  /** PEM of the server's private key. */
  readonly privateKey: pulumi.Output<string>;
  /** Server certificates beside the first. */
  readonly further: readonly ServerCertificate[];
}

/** PEM of a server certificate with what leads to its CA, and its key. */
export interface ServerCertificate {
  readonly certificateChain: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
}
