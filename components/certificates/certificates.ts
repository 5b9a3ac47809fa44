import * as pulumi from '@pulumi/pulumi';
import { typeToken } from '../rendering/naming';
import { Problems } from '../rendering/problems';
import { adopt } from './adopted';
import type { CertificateNames, CertificatesArgs } from './arguments';
import { isGivenCertificate } from './arguments';
import { generate } from './generated';
import type { ServerCertificate } from './parts';
import type { CertificatesPlan, PlannedServerCertificate } from './plan';
import { planCertificates } from './plan';

/** Certificates whose plan is made of these arguments already, as part of a larger one. */
export type PlannedCertificatesArgs = CertificatesArgs & { readonly plan: CertificatesPlan };

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
  /** Server certificates beside the first, of other names or another kind of key; their keys are secret. */
  readonly further: readonly ServerCertificate[];
  /** What listeners call them, the first one first. */
  readonly servers: readonly PlannedServerCertificate[];

  constructor(
    name: string,
    args: (CertificatesArgs | PlannedCertificatesArgs) & CertificateNames,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(typeToken('Certificates'), name, {}, opts);
    const plan = 'plan' in args ? args.plan : planAlone(name, args);

    const made = isGivenCertificate(args) ? adopt(name, args, this) : generate(name, args, plan, this);
    this.servers = plan.servers;
    this.caCertificate = made.caCertificate;
    this.certificateChain = made.certificateChain;
    this.privateKey = pulumi.secret(made.privateKey);
    this.further = made.further.map(({ certificateChain, privateKey }) => ({
      certificateChain,
      privateKey: pulumi.secret(privateKey),
    }));
    this.registerOutputs({
      caCertificate: this.caCertificate,
      certificateChain: this.certificateChain,
      privateKey: this.privateKey,
    });
  }
}

function planAlone(name: string, args: CertificatesArgs): CertificatesPlan {
  const problems = new Problems();
  const plan = planCertificates(args, 'certificates', problems);
  problems.throwIfAny(`Certificates ${name}`);
  return plan;
}
