import type * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import type { CertificatesPlan } from './plan';

/** How balancers and brokers know each other: by certificates of a CA that nobody else has one of. */
export interface HostCertificates {
  /** PEM of the CA. */
  readonly ca: pulumi.Output<string>;
  /** That of the brokers' listeners, the same on all: a broker that joins changes nothing on the others. */
  readonly brokers: HostCertificate;
  /** With which balancers come to brokers. */
  readonly balancers: HostCertificate;
}

/** A certificate, and the name in it. */
export interface HostCertificate {
  readonly name: string;
  readonly certificate: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
}

/**
 * Made beside the service's certificate and renewed as that is. The CA is another, since the service's may be one that
 * was given without its key, and since what it signs for clients must open no broker.
 */
export function makeHostCertificates(
  name: string,
  platform: string,
  { validityDays, caValidityDays }: Pick<CertificatesPlan, 'validityDays' | 'caValidityDays'>,
  parent: pulumi.Resource,
): HostCertificates {
  const key = (suffix: string) =>
    new tls.PrivateKey(`${name}-${suffix}-key`, { algorithm: 'ECDSA', ecdsaCurve: 'P256' }, { parent });
  const caKey = key('hosts-ca');
  const ca = new tls.SelfSignedCert(
    `${name}-hosts-ca`,
    {
      privateKeyPem: caKey.privateKeyPem,
      subject: { organization: platform, commonName: `${platform} hosts CA` },
      isCaCertificate: true,
      setSubjectKeyId: true,
      validityPeriodHours: caValidityDays * 24,
      allowedUses: ['cert_signing'],
    },
    { parent },
  );
  const signed = (role: string, use: 'server_auth' | 'client_auth'): HostCertificate => {
    const commonName = `${role}.${platform}`;
    const { privateKeyPem, privateKeyPemPkcs8 } = key(role);
    const { certRequestPem } = new tls.CertRequest(
      `${name}-${role}-request`,
      { privateKeyPem, subject: { organization: platform, commonName }, dnsNames: [commonName] },
      { parent },
    );
    const { certPem } = new tls.LocallySignedCert(
      `${name}-${role}`,
      {
        certRequestPem,
        caPrivateKeyPem: caKey.privateKeyPem,
        caCertPem: ca.certPem,
        setSubjectKeyId: true,
        validityPeriodHours: validityDays * 24,
        earlyRenewalHours: validityDays * 8,
        allowedUses: ['digital_signature', use],
      },
      { parent },
    );
    return { name: commonName, certificate: certPem, privateKey: privateKeyPemPkcs8 };
  };
  return {
    ca: ca.certPem,
    brokers: signed('brokers', 'server_auth'),
    balancers: signed('balancers', 'client_auth'),
  };
}
