import { X509Certificate } from 'node:crypto';
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
import { pemProblem } from './pem';

/** What is decided of certificates; one that is given is as it is. */
export interface CertificatesPlan {
  /** Days that a certificate that is made is valid. */
  readonly validityDays: number;
  /** Days that its CA is. */
  readonly caValidityDays: number;
  /** The keys of certificates that are made, the first one's first. */
  readonly keyTypes: readonly ServerKeyType[];
  /** Every server certificate, made or given, the one that clients get who ask for no name first. */
  readonly servers: readonly PlannedServerCertificate[];
}

/** A server certificate as listeners choose among them. */
export interface PlannedServerCertificate {
  readonly name: string;
  /** Undefined where the certificate is known later only, or its key is of another kind. */
  readonly keyType?: ServerKeyType;
}

/** Applies the defaults and checks what is known before anything is made; what is wrong goes to `problems` under `path`. */
export function planCertificates(args: CertificatesArgs, path: string, problems: Problems): CertificatesPlan {
  const mayBe = [
    'certificateChain',
    'privateKey',
    'ca',
    'ipAddresses',
    ...(isGivenCertificate(args) ? [] : ['dnsNames']),
  ];
  if (problems.refuseOutputs(path, args, mayBe)) return planGenerated({}, path, problems);
  if (isGivenCertificate(args)) {
    checkGiven(args, path, problems);
    return { ...planGenerated({}, path, problems), servers: givenServers(args, path, problems) };
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

function givenServers(
  { certificateChain, further = [] }: GivenCertificateArgs,
  path: string,
  problems: Problems,
): readonly PlannedServerCertificate[] {
  const servers = [
    { name: 'server', chain: certificateChain },
    ...further.map((each, index) => ({
      name: each.name ?? `further-${index + 1}`,
      chain: each.certificateChain,
    })),
  ];
  const names = servers.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    const at = `${path}.further[${index - 1}].name`;
    if (!/^[a-z][a-z0-9-]{0,23}$/.test(name))
      problems.add(
        at,
        `is ${JSON.stringify(name)}; 1 to 24 small letters, digits and hyphens are allowed, a letter first`,
      );
    else if (names.indexOf(name) !== index)
      problems.add(at, `is ${name}, as another certificate is called; give each its own`);
  }
  return servers.map(({ name, chain }) => ({ name, ...keyTypeOf(chain) }));
}

function keyTypeOf(chain: unknown): Pick<PlannedServerCertificate, 'keyType'> {
  if (typeof chain !== 'string' || pemProblem(chain, 'CERTIFICATE') !== undefined) return {};
  const { asymmetricKeyType } = new X509Certificate(chain).publicKey;
  if (asymmetricKeyType === 'rsa') return { keyType: 'rsa' };
  return asymmetricKeyType === 'ec' ? { keyType: 'ecdsa' } : {};
}

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
  const servers = keyTypes.map((keyType) => ({ name: keyType, keyType }));
  return { validityDays, caValidityDays, keyTypes, servers };
}
