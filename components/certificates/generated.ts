import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import type { CertificateNames, GeneratedCertificatesArgs, ServerKeyType } from './arguments';
import type { CertificateParts } from './parts';
import type { CertificatesPlan } from './plan';

/** A CA, and a server certificate that it signs. */
export function generate(
  name: string,
  args: GeneratedCertificatesArgs & CertificateNames,
  { validityDays, caValidityDays, keyTypes }: CertificatesPlan,
  parent: pulumi.Resource,
): CertificateParts {
  const organization = args.organization ?? name;
  const key = (suffix: string, keyType: ServerKeyType = 'ecdsa') =>
    new tls.PrivateKey(
      `${name}-${suffix}`,
      keyType === 'ecdsa' ? { algorithm: 'ECDSA', ecdsaCurve: 'P256' } : { algorithm: 'RSA', rsaBits: 2048 },
      { parent },
    );
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
  const [first, ...further] = keyTypes.map((keyType, index) => {
    const suffix = index === 0 ? 'server' : `server-${keyType}`;
    const serverKey = key(`${suffix}-key`, keyType);
    const request = new tls.CertRequest(
      `${name}-${suffix}-request`,
      {
        privateKeyPem: serverKey.privateKeyPem,
        subject: { organization, commonName: organization },
        dnsNames: args.dnsNames ?? [],
        ipAddresses: [...args.ipAddresses],
      },
      { parent },
    );
    const server = new tls.LocallySignedCert(
      `${name}-${suffix}`,
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
      certificateChain: pulumi
        .all([server.certPem, ca.certPem])
        .apply((chain) => chain.map(endLine).join('')),
      privateKey: serverKey.privateKeyPemPkcs8,
    };
  });
  if (first === undefined) throw new Error('keyTypes: none is given; the plan refuses that');
  return { caCertificate: ca.certPem, ...first, further };
}

function endLine(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
