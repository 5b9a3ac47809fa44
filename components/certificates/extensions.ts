import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CRLDistributionPoints,
  ExtendedKeyUsage,
  type Extension,
  Extensions,
  type GeneralName,
  KeyUsage,
  type KeyUsageType,
  type Name,
  SubjectKeyIdentifier,
  Version,
} from '@peculiar/asn1-x509';
import type { X509Certificate } from 'node:crypto';

/** What OpenSSL reads in a certificate beside names, time and signature. */
export interface CertificateFacts {
  /** Of the subject and the issuer, as OpenSSL compares them. */
  readonly subject: string;
  readonly issuer: string;
  readonly isAuthority: boolean;
  /** How many CAs may stand between it and a client's certificate; undefined where any number may. */
  readonly pathLength: number | undefined;
  readonly keyUsages: readonly KeyUsageType[] | undefined;
  /** Object ids of the extended key usage. */
  readonly purposes: readonly string[] | undefined;
  readonly subjectKeyId: string | undefined;
  /** URIs of the revocation lists that it says it is in. */
  readonly listPoints: readonly string[];
  readonly signatureAlgorithm: string;
  /** A critical extension that OpenSSL has no code for; it refuses the certificate. */
  readonly unknownCritical: string | undefined;
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate);
  const { subject, issuer, version } = tbsCertificate;
  const extensions = [...(tbsCertificate.extensions ?? new Extensions())];
  const basic = extensionOf(extensions, '2.5.29.19', BasicConstraints);
  const keyUsages = extensionOf(extensions, '2.5.29.15', KeyUsage)?.toJSON();
  const selfIssued = comparable(subject) === comparable(issuer);
  return {
    subject: comparable(subject),
    issuer: comparable(issuer),
    // A root of version 1 has no extensions and passes; so does what may sign certificates and says nothing of being a CA.
    isAuthority:
      basic?.cA ?? (keyUsages?.includes('keyCertSign') === true || (version === Version.v1 && selfIssued)),
    pathLength: basic?.pathLenConstraint,
    keyUsages,
    purposes: extensionOf(extensions, '2.5.29.37', ExtendedKeyUsage)?.slice(),
    subjectKeyId: hex(extensionOf(extensions, '2.5.29.14', SubjectKeyIdentifier)?.buffer),
    listPoints: [
      ...(extensionOf(extensions, '2.5.29.31', CRLDistributionPoints) ?? new CRLDistributionPoints()),
    ].flatMap(({ distributionPoint }) => uris(distributionPoint?.fullName)),
    signatureAlgorithm: signatureAlgorithm.algorithm,
    unknownCritical: extensions.find(({ critical, extnID }) => critical && !knownInCertificates.has(extnID))
      ?.extnID,
  };
}

/** The extension of a kind; undefined where it is missing or cannot be read. */
export function extensionOf<T>(
  extensions: readonly Extension[],
  id: string,
  kind: new () => T,
): T | undefined {
  const found = extensions.find(({ extnID }) => extnID === id);
  return found === undefined ? undefined : AsnConvert.parse(found.extnValue, kind);
}

/** The key that an issuer is named by, where it is. */
export function authorityKeyId(extensions: readonly Extension[]): string | undefined {
  return hex(extensionOf(extensions, '2.5.29.35', AuthorityKeyIdentifier)?.keyIdentifier?.buffer);
}

export function uris(names: readonly GeneralName[] | undefined): readonly string[] {
  return (names ?? []).flatMap(({ uniformResourceIdentifier: uri }) => (uri === undefined ? [] : [uri]));
}

/** A name so that two of them are equal where OpenSSL takes them for equal: case and runs of blanks do not count. */
export function comparable(name: Name): string {
  return JSON.stringify(
    name.map((relative) =>
      relative
        .map(({ type, value }) => `${type}=${value.toString().trim().toLowerCase().replaceAll(/\s+/g, ' ')}`)
        .toSorted(),
    ),
  );
}

function hex(bytes: ArrayBuffer | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
}

/** Those that OpenSSL's X509_supported_extension knows. */
const knownInCertificates: ReadonlySet<string> = new Set([
  '2.16.840.1.113730.1.1', // nsCertType
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.32', // certificatePolicies
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.37', // extKeyUsage
  '1.3.6.1.5.5.7.1.7', // sbgp-ipAddrBlock
  '1.3.6.1.5.5.7.1.8', // sbgp-autonomousSysNum
  '1.3.6.1.5.5.7.1.14', // proxyCertInfo
  '2.5.29.36', // policyConstraints
  '2.5.29.30', // nameConstraints
  '2.5.29.33', // policyMappings
  '2.5.29.54', // inhibitAnyPolicy
  '1.3.6.1.5.5.7.48.1.5', // noCheck
]);
