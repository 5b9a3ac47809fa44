import type { Problems } from '../rendering/problems';
import type { CertificatesArgs, GeneratedCertificatesArgs, GivenCertificateArgs } from './arguments';
import { isGivenCertificate } from './arguments';
import { checkGivenCertificate } from './given';

/** What is decided of certificates; one that is given is as it is. */
export interface CertificatesPlan {
  /** Days that a certificate that is made is valid. */
  readonly validityDays: number;
  /** Days that its CA is. */
  readonly caValidityDays: number;
}

/** Applies the defaults and checks what is known before anything is made; what is wrong goes to `problems` under `path`. */
export function planCertificates(args: CertificatesArgs, path: string, problems: Problems): CertificatesPlan {
  if (isGivenCertificate(args)) {
    checkGiven(args, path, problems);
    return planGenerated({}, path, problems);
  }
  return planGenerated(args, path, problems);
}

/** What is known only later is checked then. */
function checkGiven(
  { certificateChain, privateKey, ca, dnsNames = [] }: GivenCertificateArgs,
  path: string,
  problems: Problems,
): void {
  if (typeof certificateChain === 'string' && typeof privateKey === 'string' && typeof ca === 'string')
    checkGivenCertificate({ certificateChain, privateKey, ca, dnsNames }, path, problems);
}

function planGenerated(args: GeneratedCertificatesArgs, path: string, problems: Problems): CertificatesPlan {
  const { validityDays = 365, caValidityDays = 3650 } = args;
  problems.wholeNumber(`${path}.validityDays`, validityDays, 2, 825, 'days');
  problems.wholeNumber(
    `${path}.caValidityDays`,
    caValidityDays,
    Math.min(validityDays, 7300),
    7300,
    'days (not less than validityDays)',
  );
  return { validityDays, caValidityDays };
}
