import { readAuthorities } from '../certificates/contents';
import { checkRevocationLists } from '../certificates/revocationLists';
import type { Problems } from '../rendering/problems';
import type { ClientCertificatesArgs } from './arguments';
import type { ClientCertificates, Listener, ListenerName } from './listener';
import { isTls } from './listener';

/** Applies the defaults and looks into the certificates; what is wrong goes to `problems` under `path`. */
export function planClientCertificates(
  listener: ListenerName,
  args: ClientCertificatesArgs,
  path: string,
  problems: Problems,
): ClientCertificates {
  const { verify, ca, crl, identity = 'none' } = args;
  if (!isTls(listener)) problems.add(path, 'is for mqtts and wss, where there is TLS; leave it out');
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
  else {
    const authorities = readAuthorities(ca, `${path}.ca`, problems);
    if (crl !== undefined) checkRevocationLists(crl, authorities, `${path}.crl`, problems);
  }
  return { verify, ca, identity, ...(crl === undefined ? {} : { crl }) };
}

/** EMQX has one setting for the identity of all listeners, and the name comes by PROXY protocol. */
export function checkIdentities(
  listeners: readonly Listener[],
  proxyProtocol: boolean,
  problems: Problems,
): void {
  const named = listeners.flatMap(({ name, clientCertificates: { identity } = { identity: 'none' } }) =>
    identity === 'none' ? [] : [{ path: `listeners.${name}.clientCertificates.identity`, identity }],
  );
  const [first] = named;
  for (const { path, identity } of named) {
    if (!proxyProtocol)
      problems.add(
        path,
        `is ${identity}, which needs proxyProtocol: true, by which the name reaches the broker`,
      );
    if (first !== undefined && identity !== first.identity)
      problems.add(
        path,
        `is ${identity}, and ${first.path} is ${first.identity}: EMQX has one setting for all listeners; give both the same`,
      );
  }
}
