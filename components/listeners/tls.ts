import type { PlannedServerCertificate } from '../certificates/plan';
import { nearestName } from '../rendering/nearestName';
import type { Problems } from '../rendering/problems';
import type { ListenerTlsArgs } from './arguments';
import type { ListenerKind, ListenerTls } from './listener';
import { isTls } from './listener';

/** Kinds of keys that a suite of TLS 1.2 needs; those of TLS 1.3 take any. */
const suitesBefore13: Readonly<Record<string, 'ecdsa' | 'rsa'>> = {
  ...of('ecdsa', 'ECDHE-ECDSA-', ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']),
  ...of('ecdsa', 'ECDHE-ECDSA-', ['AES128-CCM', 'AES256-CCM']),
  ...of('ecdsa', 'ECDHE-ECDSA-', ['AES128-SHA256', 'AES256-SHA384', 'AES128-SHA', 'AES256-SHA']),
  ...of('rsa', 'ECDHE-RSA-', ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']),
  ...of('rsa', 'ECDHE-RSA-', ['AES128-SHA256', 'AES256-SHA384', 'AES128-SHA', 'AES256-SHA']),
  // Without forward secrecy: for chips that have nothing else.
  ...of('rsa', '', ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA256', 'AES256-SHA256']),
  ...of('rsa', '', ['AES128-SHA', 'AES256-SHA']),
};

const suites13: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
];

/** Every suite that a listener may be given, by OpenSSL's names. */
export const knownSuites: readonly string[] = [...suites13, ...Object.keys(suitesBefore13)];

export const knownCurves: readonly string[] = ['X25519', 'P-256', 'P-384', 'P-521'];

function of(
  key: 'ecdsa' | 'rsa',
  prefix: string,
  names: readonly string[],
): Readonly<Record<string, 'ecdsa' | 'rsa'>> {
  return Object.fromEntries(names.map((name) => [`${prefix}${name}`, key]));
}

/** What a listener's TLS has to fit to. */
export interface TlsSurroundings {
  /** The oldest version on listeners that name none. */
  readonly minVersion: string;
  /** Those that the balancers have, in their order; undefined where no balancer is planned. */
  readonly serverCertificates: readonly PlannedServerCertificate[] | undefined;
}

/** Checks what a listener says of its TLS; what is wrong goes to `problems` under `path`. */
export function planListenerTls(
  kind: ListenerKind,
  args: ListenerTlsArgs,
  surroundings: TlsSurroundings,
  path: string,
  problems: Problems,
): ListenerTls {
  const { minVersion, suites, curves, tickets, certificates } = args;
  if (!isTls({ kind })) problems.add(path, 'is for mqtts and wss, where there is TLS; leave it out');
  if (minVersion !== undefined) problems.oneOf(`${path}.minVersion`, minVersion, ['TLSv1.2', 'TLSv1.3']);
  for (const [key, given, known] of [
    ['suites', suites, knownSuites],
    ['curves', curves, knownCurves],
  ] as const)
    if (given !== undefined) checkNames(given, known, `${path}.${key}`, problems);
  const shown = planCertificates(certificates, surroundings, `${path}.certificates`, problems);
  const before13 = suites?.filter((suite) => !suites13.includes(suite)) ?? [];
  const since13 = suites?.filter((suite) => suites13.includes(suite)) ?? [];
  checkSuites(before13, minVersion ?? surroundings.minVersion, shown, `${path}.suites`, problems);
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(before13.length === 0 ? {} : { suites: before13 }),
    ...(since13.length === 0 ? {} : { suites13: since13 }),
    ...(curves === undefined ? {} : { curves }),
    ...(tickets === false ? { withoutTickets: true } : {}),
    ...(certificates === undefined ? {} : { certificates: shown.map(({ index }) => index) }),
  };
}

function checkNames(
  given: readonly string[],
  known: readonly string[],
  path: string,
  problems: Problems,
): void {
  if (given.length === 0) problems.add(path, 'is empty, so nobody could connect; name some, or leave it out');
  for (const [index, name] of given.entries()) {
    const at = `${path}[${index}]`;
    const near = nearestName(name, known);
    if (!known.includes(name))
      problems.add(
        at,
        `is ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${near}?`}; ${known.join(', ')} are allowed`,
      );
    else if (given.indexOf(name) !== index) problems.add(at, `is ${name} a second time; name each once`);
  }
}

interface Shown extends PlannedServerCertificate {
  /** Its place among those that the balancers have, from 0. */
  readonly index: number;
}

function planCertificates(
  names: readonly string[] | undefined,
  { serverCertificates }: TlsSurroundings,
  path: string,
  problems: Problems,
): readonly Shown[] {
  if (serverCertificates === undefined) return [];
  const all = serverCertificates.map((each, index) => ({ ...each, index }));
  if (names === undefined) return all;
  checkNames(
    names,
    all.map(({ name }) => name),
    path,
    problems,
  );
  return names.flatMap((name) => all.find((each) => each.name === name) ?? []);
}

/** Suites of TLS 1.2 that no certificate of the listener can serve shut out who knows no newer version. */
function checkSuites(
  before13: readonly string[],
  minVersion: string,
  shown: readonly Shown[],
  path: string,
  problems: Problems,
): void {
  if (before13.length > 0 && minVersion === 'TLSv1.3')
    problems.add(
      path,
      `has ${before13.join(', ')} of TLS 1.2, and minVersion is TLSv1.3; leave these out, or set tls.minVersion to TLSv1.2`,
    );
  const keys = shown.map(({ keyType }) => keyType);
  // A key that is unknown as yet may be the one.
  if (before13.length === 0 || keys.length === 0 || keys.includes(undefined)) return;
  const needed = new Set(before13.map((suite) => suitesBefore13[suite]));
  if (!needed.has(undefined) && !keys.some((key) => needed.has(key)))
    problems.add(
      path,
      `has for TLS 1.2 only suites that need a certificate with a key of ${[...needed].join(' or ')}, and this listener shows ${shown.map(({ name }) => name).join(', ')}; give such a certificate (certificates.keyTypes, certificates.further), or other suites`,
    );
}
