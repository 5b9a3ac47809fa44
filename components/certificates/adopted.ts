import { X509Certificate } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import { Problems } from '../rendering/problems';
import type { CertificateNames, GivenCertificateArgs } from './arguments';
import { subjectOf } from './contents';
import { checkGivenCertificate } from './given';
import type { CertificateParts } from './parts';

/** Certificates of yours, checked again once all of them are known. */
export function adopt(
  name: string,
  args: GivenCertificateArgs & CertificateNames,
  parent: pulumi.Resource,
): CertificateParts {
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
function warnOfNames(server: X509Certificate, addresses: readonly string[], resource: pulumi.Resource): void {
  const names = server.subjectAltName ?? '';
  if (names.includes('DNS:') || addresses.some((address) => server.checkIP(address) !== undefined)) return;
  void pulumi.log.warn(
    `certificates.certificateChain: ${subjectOf(server)} names neither ${addresses.join(', ')} nor any DNS name` +
      ` (${names === '' ? 'it has no subjectAltName' : names}): clients that check names will refuse it`,
    resource,
  );
}
