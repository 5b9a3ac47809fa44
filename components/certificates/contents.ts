import { X509Certificate } from 'node:crypto';
import type { Problems } from '../rendering/problems';
import { pemBlocks, pemProblem } from './pem';

/** The certificates of a PEM text, in order; none and a problem at `path` when one cannot be read. */
export function readCertificates(pem: string, path: string, problems: Problems): readonly X509Certificate[] {
  const notPem = pemProblem(pem, 'CERTIFICATE');
  if (notPem !== undefined) {
    problems.add(path, notPem);
    return [];
  }
  const certificates: X509Certificate[] = [];
  for (const [index, block] of pemBlocks(pem).entries()) {
    const certificate = readOne(block);
    if (certificate === undefined) {
      problems.add(
        path,
        `has no X.509 certificate in its PEM block ${index + 1}; give certificates as their CA made them`,
      );
      return [];
    }
    certificates.push(certificate);
  }
  return certificates;
}

/** The certificates of CAs: each must be one, in its time. */
export function readAuthorities(pem: string, path: string, problems: Problems): readonly X509Certificate[] {
  const authorities = readCertificates(pem, path, problems);
  for (const authority of authorities) {
    if (!authority.ca)
      problems.add(
        path,
        `${subjectOf(authority)} is no CA certificate (basicConstraints CA:TRUE is missing); give that of the CA which signed it`,
      );
    checkTime(authority, path, problems);
  }
  return authorities;
}

/** A certificate is good from one moment to another. */
export function checkTime(certificate: X509Certificate, path: string, problems: Problems): void {
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const name = subjectOf(certificate);
  if (to.getTime() < Date.now())
    problems.add(path, `${name} expired on ${isoSeconds(to)}; give one that is valid now`);
  if (from.getTime() > Date.now())
    problems.add(path, `${name} is not valid before ${isoSeconds(from)}; give one that is valid now`);
}

/** A certificate's subject, as errors name it. */
export function subjectOf(certificate: X509Certificate): string {
  return JSON.stringify(certificate.subject.split('\n').join(', '));
}

/** A moment, as errors name it. */
export function isoSeconds(moment: Date): string {
  return moment.toISOString().replace('.000', '');
}

function readOne(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
