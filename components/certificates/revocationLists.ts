import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate, CertificateList, type Name } from '@peculiar/asn1-x509';
import type { X509Certificate } from 'node:crypto';
import { verify } from 'node:crypto';
import type { Problems } from '../rendering/problems';
import { isoSeconds, subjectOf } from './contents';
import { pemBlocks, pemProblem } from './pem';

/** Digests of the usual signature algorithms; EdDSA brings its own. */
const digests: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.3.101.112', null],
  ['1.3.101.113', null],
]);

/**
 * Revocation lists that OpenSSL would refuse every client for: one that is none, is out of its time or of another CA,
 * and a CA without one, since all of a client's chain is looked up.
 */
export function checkRevocationLists(
  pem: string,
  authorities: readonly X509Certificate[],
  path: string,
  problems: Problems,
): void {
  const notPem = pemProblem(pem, 'X509 CRL');
  if (notPem !== undefined) {
    problems.add(path, notPem);
    return;
  }
  const listed = new Set<X509Certificate>();
  for (const [index, block] of pemBlocks(pem).entries()) {
    const list = readOne(block);
    if (list === undefined) {
      problems.add(path, `has no revocation list in its PEM block ${index + 1}; give it as the CA made it`);
      return;
    }
    checkListTime(list, `its list ${index + 1}`, path, problems);
    const issuers = authorities.filter((authority) => isIssuedBy(list, authority));
    issuers.forEach((issuer) => listed.add(issuer));
    if (issuers.length === 0 && authorities.length > 0)
      problems.add(
        path,
        `its list ${index + 1} is signed by none of the CAs given (${authorities.map(subjectOf).join(' and ')}); give theirs`,
      );
  }
  for (const authority of authorities)
    if (!listed.has(authority))
      problems.add(
        path,
        `has no list of the CA ${subjectOf(authority)}, and OpenSSL would refuse all of its clients; add that CA's, empty if need be`,
      );
}

function checkListTime(list: CertificateList, name: string, path: string, problems: Problems): void {
  const { thisUpdate, nextUpdate } = list.tbsCertList;
  const [from, to] = [thisUpdate.getTime(), nextUpdate?.getTime()];
  if (from.getTime() > Date.now())
    problems.add(path, `${name} is not valid before ${isoSeconds(from)}; give one that is valid now`);
  if (to !== undefined && to.getTime() < Date.now())
    problems.add(
      path,
      `${name} should have been renewed by ${isoSeconds(to)}, and OpenSSL would refuse every client; give the CA's newest`,
    );
}

/** By the signature; where its algorithm is not in the table, by name. */
function isIssuedBy(list: CertificateList, authority: X509Certificate): boolean {
  const digest = digests.get(list.signatureAlgorithm.algorithm);
  const { tbsCertListRaw, signature } = list;
  if (digest === undefined || tbsCertListRaw === undefined) {
    const { subject } = AsnConvert.parse(authority.raw, Certificate).tbsCertificate;
    return encoded(subject).equals(encoded(list.tbsCertList.issuer));
  }
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

function encoded(name: Name): Buffer {
  return Buffer.from(AsnConvert.serialize(name));
}
