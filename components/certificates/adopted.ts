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
  const further = (args.further ?? []).map((each) => pulumi.output(each));
  const checked = pulumi
    .all([args.certificateChain, args.privateKey, args.ca, pulumi.all(further)])
    .apply(([certificateChain, privateKey, ca, others]) => {
      const problems = new Problems();
      const { dnsNames = [] } = args;
      const given = { certificateChain, privateKey, ca, dnsNames, further: others };
      checkGivenCertificate(given, 'certificates', problems);
      problems.throwIfAny(`Certificates ${name}`);
      return given;
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
    further: further.map((_, index) => ({
      certificateChain: pulumi.unsecret(
        checked.apply((given) => given.further[index]?.certificateChain ?? ''),
      ),
      privateKey: checked.apply((given) => given.further[index]?.privateKey ?? ''),
    })),
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
