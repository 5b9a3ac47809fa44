import { X509Certificate } from 'node:crypto';
import { checkClientTrust } from '../certificates/clientTrust';
import { subjectOf } from '../certificates/contents';
import { pemProblem } from '../certificates/pem';
import type { Problems } from '../rendering/problems';
import type { ClientCertificatesArgs } from './arguments';
import type { ClientCertificates, Listener, ListenerKind } from './listener';
import { isTls } from './listener';

/** Applies the defaults and looks into the certificates; what is wrong goes to `problems` under `path`. */
export function planClientCertificates(
  kind: ListenerKind,
  args: ClientCertificatesArgs,
  path: string,
  problems: Problems,
): ClientCertificates {
  const { verify, ca, crl, afterCrlEnds = 'refuse', samples = [], identity = 'none' } = args;
  if (!isTls({ kind })) problems.add(path, 'is for mqtts and wss, where there is TLS; leave it out');
  problems.oneOf(`${path}.verify`, verify, ['optional', 'required']);
  problems.oneOf(`${path}.identity`, identity, ['none', 'username', 'clientid']);
  if (identity !== 'none' && verify !== 'required')
    problems.add(
      `${path}.identity`,
      `is ${identity} while verify is ${verify}: a client without a certificate could claim any name; set verify to required`,
    );
  // The compiler holds only those to it who ask it.
  if ((ca as string | undefined) === undefined)
    problems.add(
      `${path}.ca`,
      'is missing; give PEM of the CAs that sign your clients, or leave mutual TLS out',
    );
  else
    checkClientTrust(
      { ca, samples, keepsEndedLists: afterCrlEnds === 'keep', ...(crl === undefined ? {} : { crl }) },
      path,
      problems,
    );
  problems.oneOf(`${path}.afterCrlEnds`, afterCrlEnds, ['refuse', 'keep']);
  if (afterCrlEnds === 'keep' && crl === undefined)
    problems.add(`${path}.afterCrlEnds`, 'is for revocation lists, and there is no crl; leave it out');
  if (identity !== 'none')
    for (const [index, sample] of samples.entries())
      checkName(sample, identity, `${path}.samples[${index}]`, problems);
  return {
    ...{ verify, ca, identity },
    ...(crl === undefined ? {} : { crl }),
    ...(afterCrlEnds === 'keep' ? { keepsEndedLists: true } : {}),
  };
}

/** Bytes of a certificate's CN that a broker is given as a client's name; RFC 5280 has 64 characters at most. */
export const longestName = 256;

/** What is no PEM is told where the sample's chain is looked into. */
function checkName(sample: string, identity: string, path: string, problems: Problems): void {
  if (pemProblem(sample, 'CERTIFICATE') !== undefined) return;
  const client = new X509Certificate(sample);
  const { CN: name = '' } = client.toLegacyObject().subject as Partial<Record<string, string>>;
  if (name.trim() === '' || Buffer.byteLength(name) > longestName)
    problems.add(
      path,
      `${subjectOf(client)} has ${name.trim() === '' ? 'no CN' : `a CN of ${Buffer.byteLength(name)} bytes`}, and identity is ${identity}: it would be closed; have it issued with a CN of 1 to ${longestName} bytes, or set identity to none`,
    );
}

/** The name comes by PROXY protocol. */
export function checkIdentities(
  listeners: readonly Listener[],
  proxyProtocol: boolean,
  problems: Problems,
): void {
  if (proxyProtocol) return;
  for (const { name, clientCertificates: { identity } = { identity: 'none' } } of listeners)
    if (identity !== 'none')
      problems.add(
        `listeners.${name}.clientCertificates.identity`,
        `is ${identity}, which needs proxyProtocol: true, by which the name reaches the broker`,
      );
}
