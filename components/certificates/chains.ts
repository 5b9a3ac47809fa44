import type { X509Certificate } from 'node:crypto';
import { isoSeconds, subjectOf } from './contents';
import type { CertificateFacts } from './extensions';
import { factsOf } from './extensions';

/** What OpenSSL makes of a certificate on its way to a root. */
export interface Chain {
  /** From the certificate asked about upwards. */
  readonly certificates: readonly X509Certificate[];
  /** The last one's issuer, where it is not there: no root is reached. */
  readonly missing: string | undefined;
}

/**
 * The chain as OpenSSL builds it: issuers among the trusted first, and none of those that the client sends above one
 * that is trusted. It ends at a root that is trusted.
 */
export function chainOf(
  first: X509Certificate,
  trusted: readonly X509Certificate[],
  sent: readonly X509Certificate[],
  now: Date,
): Chain {
  const certificates = [first];
  let [current, isTrusted] = [first, trusted.some((each) => isSame(each, first))];
  for (;;) {
    if (isSelfSigned(current)) {
      return { certificates, missing: isTrusted ? undefined : current.subject };
    }
    const above = issuerAmong(trusted, current, now);
    const next = above ?? (isTrusted ? undefined : issuerAmong(sent, current, now));
    if (next === undefined || certificates.some((each) => isSame(each, next)))
      return { certificates, missing: current.issuer };
    certificates.push(next);
    [current, isTrusted] = [next, above !== undefined];
  }
}

/**
 * Why OpenSSL refuses whoever comes by these certificates, lists aside: the certificate and the reason; undefined where
 * it does not. The first is a client's, or the CA of clients that are not known.
 */
export function refusalIn(
  certificates: readonly X509Certificate[],
  firstIs: 'client' | 'authority',
  now: Date,
): string | undefined {
  let below = 0;
  for (const [index, certificate] of certificates.entries()) {
    const facts = factsOf(certificate);
    const isClient = index === 0 && firstIs === 'client';
    const reason =
      notInTime(certificate, now) ??
      (isClient ? notForClients(facts) : notForAuthorities(facts, below)) ??
      tooWeak(certificate, facts, index === certificates.length - 1) ??
      notSignedBy(certificate, certificates[index + 1]);
    if (reason !== undefined) return `${subjectOf(certificate)} ${reason}`;
    if (!isClient && facts.subject !== facts.issuer) below += 1;
  }
  return undefined;
}

/** The one that OpenSSL takes for the issuer: in its time, or else the one that ends last. */
export function issuerAmong(
  candidates: readonly X509Certificate[],
  certificate: X509Certificate,
  now: Date,
): X509Certificate | undefined {
  const issuers = candidates.filter((candidate) => certificate.checkIssued(candidate));
  return (
    issuers.find((issuer) => notInTime(issuer, now) === undefined) ??
    issuers.toSorted((a, b) => Date.parse(b.validTo) - Date.parse(a.validTo))[0]
  );
}

export function isSame(a: X509Certificate, b: X509Certificate): boolean {
  return a.fingerprint256 === b.fingerprint256;
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function notInTime(certificate: X509Certificate, now: Date): string | undefined {
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  if (to < now) return `expired on ${isoSeconds(to)}; give one that is valid now`;
  if (from > now) return `is not valid before ${isoSeconds(from)}; give one that is valid now`;
  return undefined;
}

const clientAuth = '1.3.6.1.5.5.7.3.2';

function notForClients({ purposes, keyUsages, unknownCritical }: CertificateFacts): string | undefined {
  if (purposes !== undefined && !purposes.includes(clientAuth))
    return 'is not for clients (extendedKeyUsage has no clientAuth); have it issued with clientAuth';
  if (
    keyUsages !== undefined &&
    !keyUsages.some((usage) => usage === 'digitalSignature' || usage === 'keyAgreement')
  )
    return 'may not sign (keyUsage has no digitalSignature); have it issued with digitalSignature';
  return ofUnknownKind(unknownCritical);
}

function notForAuthorities(
  { isAuthority, purposes, pathLength, unknownCritical }: CertificateFacts,
  below: number,
): string | undefined {
  if (!isAuthority)
    return 'is no CA certificate (basicConstraints CA:TRUE is missing); give that of the CA which signed it';
  if (purposes !== undefined && !purposes.includes(clientAuth))
    return 'may not sign certificates of clients (extendedKeyUsage has no clientAuth); give a CA that may';
  if (pathLength !== undefined && below > pathLength)
    return `allows ${pathLength} CAs below itself (pathLenConstraint) and has ${below} here; give clients certificates of a CA that it allows`;
  return ofUnknownKind(unknownCritical);
}

function ofUnknownKind(extension: string | undefined): string | undefined {
  return extension === undefined
    ? undefined
    : `has the critical extension ${extension}, which OpenSSL does not know and refuses; have it issued without`;
}

/** OpenSSL takes an issuer by its name, and where key ids are left out may take a namesake. */
function notSignedBy(certificate: X509Certificate, issuer: X509Certificate | undefined): string | undefined {
  return issuer === undefined || certificate.verify(issuer.publicKey)
    ? undefined
    : `names ${subjectOf(issuer)} as its issuer and was not signed with that one's key; give the CA that signed it`;
}

/** Debian and Ubuntu build OpenSSL with security level 2: 112 bits. A root's own signature is not looked at. */
function tooWeak(
  { publicKey }: X509Certificate,
  { signatureAlgorithm }: CertificateFacts,
  isRoot: boolean,
): string | undefined {
  const { modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  const bits = modulusLength ?? 2048;
  if ((publicKey.asymmetricKeyType ?? '').startsWith('rsa') && bits < 2048)
    return `has an RSA key of ${bits} bits, too weak for OpenSSL as Debian and Ubuntu build it; 2048 or more are allowed`;
  const digest = weakSignatures.get(signatureAlgorithm);
  return digest !== undefined && !isRoot
    ? `is signed with ${digest}, too weak for OpenSSL as Debian and Ubuntu build it; have it signed with SHA-256`
    : undefined;
}

const weakSignatures: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'MD5'],
  ['1.2.840.113549.1.1.5', 'SHA-1'],
  ['1.2.840.10045.4.1', 'SHA-1'],
]);
