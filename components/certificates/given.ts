import type { KeyObject, X509Certificate } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';
import type { Problems } from '../rendering/problems';
import { checkTime, readAuthorities, readCertificates, subjectOf } from './contents';

/** A server certificate that a user brings, once its values are known. */
export interface KnownServerCertificate {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** All of them. */
export interface GivenCertificates extends KnownServerCertificate {
  readonly ca: string;
  readonly dnsNames: readonly string[];
  readonly further: readonly KnownServerCertificate[];
}

const serverAuth = '1.3.6.1.5.5.7.3.1';

/** What clients, or HAProxy at its start, would refuse; it goes to `problems` under `path`. Tells nothing of the key. */
export function checkGivenCertificate(given: GivenCertificates, path: string, problems: Problems): void {
  const authorities = readAuthorities(given.ca, `${path}.ca`, problems);
  const server = checkServer(given, authorities, path, problems);
  const others = given.further.map((each, index) =>
    checkServer(each, authorities, `${path}.further[${index}]`, problems),
  );
  if (server === undefined) return;
  for (const [index, name] of given.dnsNames.entries())
    if ([server, ...others].every((each) => each?.checkHost(name) === undefined))
      problems.add(
        `${path}.dnsNames[${index}]`,
        `is ${JSON.stringify(name)}, which the certificate ${subjectOf(server)} does not name` +
          ` (${server.subjectAltName ?? 'it has no subjectAltName'})${others.length === 0 ? '' : ', nor does a further one'}; give a certificate that does, or correct the name`,
      );
}

/** The server's own certificate; undefined where it cannot be read. */
function checkServer(
  given: KnownServerCertificate,
  authorities: readonly X509Certificate[],
  path: string,
  problems: Problems,
): X509Certificate | undefined {
  const chain = readCertificates(given.certificateChain, `${path}.certificateChain`, problems);
  const key = readKey(given.privateKey);
  if (key === undefined)
    problems.add(`${path}.privateKey`, 'is no unencrypted PEM private key (-----BEGIN PRIVATE KEY-----)');
  const [server] = chain;
  if (server === undefined) return undefined;
  if (key !== undefined && !server.checkPrivateKey(key))
    problems.add(
      `${path}.privateKey`,
      `does not belong to the certificate ${subjectOf(server)}; give the key that its request was made with`,
    );
  for (const certificate of chain) checkTime(certificate, `${path}.certificateChain`, problems);
  // What Node calls keyUsage is the extended key usage.
  const uses = server.keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.includes(serverAuth))
    problems.add(
      `${path}.certificateChain`,
      `${subjectOf(server)} is not for servers (extendedKeyUsage has no serverAuth), so clients would refuse it; give one that is`,
    );
  if (authorities.length > 0) checkChain(chain, authorities, `${path}.certificateChain`, problems);
  return server;
}

/** Each certificate is signed by the next, the last one by a CA. */
function checkChain(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  path: string,
  problems: Problems,
): void {
  for (const [index, certificate] of chain.entries()) {
    if (authorities.some((authority) => isSignedBy(certificate, authority))) return;
    const next = chain[index + 1];
    if (next === undefined)
      problems.add(
        path,
        `does not lead from ${subjectOf(certificate)} to the CA ${authorities.map(subjectOf).join(' or ')}; add the intermediate certificates, or give the CA that signed it`,
      );
    else if (!isSignedBy(certificate, next)) {
      problems.add(
        path,
        `has ${subjectOf(next)} after ${subjectOf(certificate)}, which it did not sign; give the server's certificate first, then each one's signer`,
      );
      return;
    }
  }
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return (
    certificate.fingerprint256 === issuer.fingerprint256 ||
    (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
  );
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
