import { X509Certificate } from 'node:crypto';
import type { Listener } from '../listeners/listener';
import { isWebSocket } from '../listeners/listener';
import type { View } from '../rendering/template';
import { furtherCertificateFile, serverCertificateFile, ticketKeysFile } from './haproxyFiles';
import { haproxyAbilities } from './haproxyVersion';
import type { BalancerView } from './view';

/** What stands on a listener's `bind` line of TLS, but for clients' certificates. */
export function bindTls(view: BalancerView, listener: Listener): View {
  const { minVersion, suites, suites13, curves, withoutTickets, certificates } = listener.tls ?? {};
  const joined = (names: readonly string[] | undefined) => names !== undefined && { names: names.join(':') };
  return {
    // WebSocket begins as HTTP/1.1; a client that offered h2 would be taken at its word.
    alpn: isWebSocket(listener) ? 'http/1.1' : 'mqtt',
    certificates: serverCertificates(view, certificates),
    tickets: withoutTickets !== true && { ticketKeys: ticketKeysFile(listener.name) },
    oldest: minVersion !== undefined && { version: minVersion },
    suites: joined(suites),
    suites13: joined(suites13),
    curves: joined(curves),
  };
}

/**
 * What clients are shown that ask for no name comes first: the first certificate, and that of the same names with another
 * kind of key, where HAProxy can choose. Where it cannot, RSA, which all clients know.
 */
export function serverCertificates(
  { haproxyVersion, tls }: BalancerView,
  /** Places of those that are shown. */
  places?: readonly number[],
): { word: string; file: string }[] {
  const { certificateChain, furtherChains = [] } = tls;
  const chains = [certificateChain, ...furtherChains].map((chain, index) => ({
    chain,
    file: index === 0 ? serverCertificateFile : furtherCertificateFile(index - 1),
  }));
  const shown = places === undefined ? chains : places.flatMap((place) => chains[place] ?? []);
  const [only, ...others] = shown;
  if (only !== undefined && others.length === 0) return [{ word: 'crt', file: only.file }];
  const { defaultCertificates } = haproxyAbilities(haproxyVersion);
  const all = shown.map(({ chain, file }) => {
    const { subjectAltName, publicKey } = new X509Certificate(chain);
    return { file, names: subjectAltName, isRsa: publicKey.asymmetricKeyType === 'rsa' };
  });
  const [first] = all;
  const isDefault = (each: (typeof all)[number]) =>
    each === first || (each.names === first?.names && each.isRsa !== first?.isRsa);
  const place = (each: (typeof all)[number]) =>
    isDefault(each) ? (each.isRsa && !defaultCertificates ? 0 : 1) : 2;
  return all
    .toSorted((a, b) => place(a) - place(b))
    .map((each) => ({
      word: defaultCertificates && isDefault(each) ? 'default-crt' : 'crt',
      file: each.file,
    }));
}
