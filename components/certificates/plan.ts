import type { Problems } from '../rendering/problems';
import type {
  CertificatesArgs,
  FurtherCertificateArgs,
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
  ServerKeyType,
} from './arguments';
import { isGivenCertificate } from './arguments';
import { checkGivenCertificate, type KnownServerCertificate } from './given';

/** What is decided of certificates; one that is given is as it is. */
export interface CertificatesPlan {
  /** Days that a certificate that is made is valid. */
  readonly validityDays: number;
  /** Days that its CA is. */
  readonly caValidityDays: number;
  /** The keys of certificates that are made, the first one's first. */
  readonly keyTypes: readonly ServerKeyType[];
}

/** Applies the defaults and checks what is known before anything is made; what is wrong goes to `problems` under `path`. */
export function planCertificates(args: CertificatesArgs, path: string, problems: Problems): CertificatesPlan {
  const mayBe = ['certificateChain', 'privateKey', 'ca', ...(isGivenCertificate(args) ? [] : ['dnsNames'])];
  if (problems.refuseOutputs(path, args, mayBe)) return planGenerated({}, path, problems);
  if (isGivenCertificate(args)) {
    checkGiven(args, path, problems);
    return planGenerated({}, path, problems);
  }
  return planGenerated(args, path, problems);
}

/** What is known only later is checked then. */
function checkGiven(
  { certificateChain, privateKey, ca, dnsNames = [], further = [] }: GivenCertificateArgs,
  path: string,
  problems: Problems,
): void {
  if (further.length > mostFurther)
    problems.add(`${path}.further`, `has ${further.length} certificates; ${mostFurther} are allowed`);
  if (
    typeof certificateChain !== 'string' ||
    typeof privateKey !== 'string' ||
    typeof ca !== 'string' ||
    !further.every(isKnown)
  )
    return;
  checkGivenCertificate({ certificateChain, privateKey, ca, dnsNames, further }, path, problems);
}

const mostFurther = 8;

function isKnown(certificate: FurtherCertificateArgs): certificate is KnownServerCertificate {
  return typeof certificate.certificateChain === 'string' && typeof certificate.privateKey === 'string';
}

function planGenerated(args: GeneratedCertificatesArgs, path: string, problems: Problems): CertificatesPlan {
  const { validityDays = 365, caValidityDays = 3650, keyTypes = ['ecdsa'] } = args;
  const known = ['ecdsa', 'rsa'];
  if (keyTypes.length === 0 || new Set(keyTypes).size < keyTypes.length)
    problems.add(
      `${path}.keyTypes`,
      `is [${keyTypes.join(', ')}]; ecdsa, rsa or both are allowed, each once`,
    );
  for (const [index, keyType] of keyTypes.entries())
    problems.oneOf(`${path}.keyTypes[${index}]`, keyType, known);
  problems.wholeNumber(`${path}.validityDays`, validityDays, 2, 825, 'days');
  problems.wholeNumber(
    `${path}.caValidityDays`,
    caValidityDays,
    Math.min(validityDays, 7300),
    7300,
    'days (not less than validityDays)',
  );
  return { validityDays, caValidityDays, keyTypes };
}
