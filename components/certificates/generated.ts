import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import type { CertificateNames, GeneratedCertificatesArgs } from './arguments';
import type { CertificateParts } from './parts';
import type { CertificatesPlan } from './plan';

/** A CA, and a server certificate that it signs. */
export function generate(
  name: string,
  args: GeneratedCertificatesArgs & CertificateNames,
  { validityDays, caValidityDays }: CertificatesPlan,
  parent: pulumi.Resource,
): CertificateParts {
  const organization = args.organization ?? name;
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
