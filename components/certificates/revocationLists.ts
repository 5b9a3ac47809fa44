import { AsnConvert } from '@peculiar/asn1-schema';
import { CertificateList, IssuingDistributionPoint } from '@peculiar/asn1-x509';
import type { X509Certificate } from 'node:crypto';
import { verify } from 'node:crypto';
import { Problems } from '../rendering/problems';
import { isoSeconds } from './contents';
import type { CertificateFacts } from './extensions';
import { authorityKeyId, comparable, extensionOf, factsOf, uris } from './extensions';
import { pemBlocks, pemProblem } from './pem';

/** A revocation list, as OpenSSL looks at it. */
export interface RevocationList {
  /** As errors name it: its place in the argument. */
  readonly name: string;
  /** Its CA's subject, comparable, and as people read it. */
  readonly issuer: string;
  readonly issuerText: string;
  readonly from: Date;
  /** When the next one was promised; a list without lasts for ever. */
  readonly to: Date | undefined;
  /** Whether certificates of CAs, or others, are in its scope. */
  readonly scope: { readonly authorities: boolean; readonly clients: boolean };
  /** Where it says it is a part of all that is revoked, the URIs by which certificates say that they are in it. */
  readonly part: readonly string[] | undefined;
  readonly authorityKeyId: string | undefined;
  readonly hasUnknownCritical: boolean;
  revokes(serialNumber: string): boolean;
  isSignedBy(authority: X509Certificate): boolean;
}

/** The lists of a PEM text that OpenSSL looks at; what cannot be read is a problem at `path`. */
export function readRevocationLists(
  pem: string,
  path: string,
  problems: Problems,
): readonly RevocationList[] | undefined {
  const notPem = pemProblem(pem, 'X509 CRL');
  if (notPem !== undefined) {
    problems.add(path, notPem);
    return undefined;
  }
  const lists: RevocationList[] = [];
  for (const [index, block] of pemBlocks(pem).entries()) {
    const read = readOne(block);
    if (read === undefined) {
      problems.add(path, `has no revocation list in its PEM block ${index + 1}; give it as the CA made it`);
      return undefined;
    }
    lists.push(...asSeen(read, `its list ${index + 1}`));
  }
  return lists;
}

/**
 * Of the lists of a certificate's issuer, the one that OpenSSL asks; undefined where it finds none. `certificate` is
 * undefined for a client's that is not known.
 */
export function listFor(
  lists: readonly RevocationList[],
  issuer: CertificateFacts,
  certificate: CertificateFacts | undefined,
  now: Date,
): RevocationList | undefined {
  const rank = (list: RevocationList) =>
    (list.hasUnknownCritical ? 0 : 4) + (covers(list, certificate) ? 2 : 0) + (isInTime(list, now) ? 1 : 0);
  return lists
    .filter((list) => list.issuer === issuer.subject && isByKeyOf(list, issuer))
    .toSorted((a, b) => rank(b) - rank(a) || b.from.getTime() - a.from.getTime())[0];
}

const twoWeeksMs = 14 * 24 * 60 * 60 * 1_000;

/** Lists that are to be renewed within two weeks, or within the last third of their time, as warnings name them. */
export function endingSoon(pem: string, now = new Date()): readonly string[] {
  return (readRevocationLists(pem, '', new Problems()) ?? []).flatMap(({ name, issuerText, from, to }) => {
    if (to === undefined) return [];
    const margin = Math.min(twoWeeksMs, (to.getTime() - from.getTime()) / 3);
    return to.getTime() - now.getTime() > margin
      ? []
      : [`${name} of ${JSON.stringify(issuerText)} ends on ${isoSeconds(to)}`];
  });
}

export function isInTime({ from, to }: RevocationList, now: Date): boolean {
  return from <= now && (to === undefined || to >= now);
}

/** Whether a certificate is among those that the list speaks of; a client's that is not known is taken to be. */
export function covers({ scope, part }: RevocationList, certificate: CertificateFacts | undefined): boolean {
  const isAuthority = certificate?.isAuthority ?? false;
  const inPart =
    part === undefined ||
    certificate === undefined ||
    certificate.listPoints.some((point) => part.includes(point));
  return (isAuthority ? scope.authorities : scope.clients) && inPart;
}

function isByKeyOf(list: RevocationList, { subjectKeyId }: CertificateFacts): boolean {
  const { authorityKeyId: named } = list;
  return named === undefined || subjectKeyId === undefined || named === subjectKeyId;
}

/** Deltas, and lists for another CA or for some reasons only, are passed over. */
function asSeen(list: CertificateList, name: string): readonly RevocationList[] {
  const { issuer, thisUpdate, nextUpdate, crlExtensions = [], revokedCertificates = [] } = list.tbsCertList;
  const point = extensionOf(crlExtensions, idPoint, IssuingDistributionPoint);
  const passedOver = point?.indirectCRL === true || point?.onlySomeReasons !== undefined;
  if (passedOver || crlExtensions.some(({ extnID }) => extnID === idDelta)) return [];
  const onlyAttributes = point?.onlyContainsAttributeCerts === true;
  const revoked = new Set(
    revokedCertificates.map(({ userCertificate }) =>
      comparableSerial(Buffer.from(userCertificate).toString('hex')),
    ),
  );
  return [
    {
      name,
      issuer: comparable(issuer),
      issuerText: issuer
        .map((relative) =>
          relative.map(({ type, value }) => `${attributeNames[type] ?? type}=${value.toString()}`),
        )
        .join(', '),
      from: thisUpdate.getTime(),
      to: nextUpdate?.getTime(),
      scope: {
        authorities: !onlyAttributes && point?.onlyContainsUserCerts !== true,
        clients: !onlyAttributes && point?.onlyContainsCACerts !== true,
      },
      part: point?.distributionPoint === undefined ? undefined : uris(point.distributionPoint.fullName),
      authorityKeyId: authorityKeyId(crlExtensions),
      hasUnknownCritical: crlExtensions.some(({ critical, extnID }) => critical && !knownInLists.has(extnID)),
      revokes: (serialNumber) => revoked.has(comparableSerial(serialNumber)),
      isSignedBy: (authority) => isSignedBy(list, authority),
    },
  ];
}

/** By the signature; where its algorithm is not in the table, by name. */
function isSignedBy(list: CertificateList, authority: X509Certificate): boolean {
  const digest = digests.get(list.signatureAlgorithm.algorithm);
  const { tbsCertListRaw, signature } = list;
  if (digest === undefined || tbsCertListRaw === undefined)
    return factsOf(authority).subject === comparable(list.tbsCertList.issuer);
  try {
    return verify(digest, Buffer.from(tbsCertListRaw), authority.publicKey, Buffer.from(signature));
  } catch {
    // A key of another kind than the signature.
    return false;
  }
}

function readOne(pem: string): CertificateList | undefined {
  try {
    return AsnConvert.parse(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64'), CertificateList);
  } catch {
    return undefined;
  }
}

/** Encodings differ in leading zeros. */
function comparableSerial(hexadecimal: string): string {
  return hexadecimal.toLowerCase().replace(/^0+(?=.)/, '');
}

const idPoint = '2.5.29.28';
const idDelta = '2.5.29.27';
const knownInLists: ReadonlySet<string> = new Set([idPoint, idDelta, '2.5.29.20', '2.5.29.35']);

const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
};

/** Digests of the usual signature algorithms; EdDSA brings its own. */
const digests: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.5', 'sha1'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.3.101.112', null],
  ['1.3.101.113', null],
]);
