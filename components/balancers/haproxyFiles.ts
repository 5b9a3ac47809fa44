import { pemFile } from '../certificates/pem';
import type { HostFile } from '../host/fileSet';
import type { Listener } from '../listeners/listener';
import type { BalancerView } from './view';

/** Made on the host from the ticket master: the same on both balancers, others for each listener. */
export function ticketKeysFile(listener: string): string {
  return `/run/haproxy/${listener}-tickets.keys`;
}

/** The server certificate without its key: HAProxy looks for that in server.pem.key beside it. */
export const serverCertificateFile = '/etc/haproxy/certs/server.pem';

export function furtherCertificateFile(index: number): string {
  return `/etc/haproxy/certs/server-${index + 2}.pem`;
}

/** With which brokers are come to by TLS; its key lies beside it. */
export const brokerTlsFiles = {
  certificate: '/etc/haproxy/certs/to-brokers.pem',
  ca: '/etc/haproxy/certs/brokers-ca.pem',
} as const;

/** The files that haproxy.cfg names: they can be loaded through the runtime API, without a reload. */
export function haproxyFiles(view: BalancerView): HostFile[] {
  const server = {
    path: serverCertificateFile,
    content: pemFile(view.tls.certificateChain, 'CERTIFICATE', 'tls.certificateChain'),
  };
  const further = (view.tls.furtherChains ?? []).map((chain, index) => ({
    path: furtherCertificateFile(index),
    content: pemFile(chain, 'CERTIFICATE', `tls.furtherChains[${index}]`),
  }));
  const files = [
    server,
    ...further,
    ...towardsBrokers(view),
    ...view.listeners.flatMap((listener) => Object.values(listenerFiles(listener))),
  ];
  return files.map((file) => ({
    ...file,
    mode: '0640',
    owner: 'root:haproxy',
    change: { kind: 'runtime', unit: 'haproxy' },
  }));
}

function towardsBrokers({ brokerTls }: BalancerView): ListenerFile[] {
  if (brokerTls === undefined) return [];
  const pem = (path: string, text: string, argument: string) => ({
    path,
    content: pemFile(text, 'CERTIFICATE', `brokerTls.${argument}`),
  });
  return [
    pem(brokerTlsFiles.certificate, brokerTls.certificate, 'certificate'),
    pem(brokerTlsFiles.ca, brokerTls.ca, 'ca'),
  ];
}

interface ListenerFile {
  readonly path: string;
  readonly content: string;
}

/** Access lists and the authority of client certificates; only those that the listener has. */
export function listenerFiles(
  listener: Listener,
): Partial<Record<'proxies' | 'allowed' | 'spared' | 'ca' | 'crl', ListenerFile>> {
  const list = (kind: string, cidrs: readonly string[]) => ({
    path: `/etc/haproxy/lists/${listener.name}-${kind}.lst`,
    content: cidrs.map((cidr) => `${rangeLine(cidr, `listener ${listener.name}`)}\n`).join(''),
  });
  const certificates = (kind: string, content: string) => ({
    path: `/etc/haproxy/certs/${listener.name}-${kind}.pem`,
    content,
  });
  const clients = listener.clientCertificates;
  const spared = listener.rateLimit?.sparedCidrs ?? [];
  const argument = `listener ${listener.name}: clientCertificates`;
  return {
    ...(listener.acceptProxy && { proxies: list('proxies', listener.acceptProxy) }),
    ...(!listener.allowedCidrs.includes('0.0.0.0/0') && { allowed: list('allowed', listener.allowedCidrs) }),
    ...(spared.length > 0 && { spared: list('spared', spared) }),
    ...(clients && { ca: certificates('client-ca', pemFile(clients.ca, 'CERTIFICATE', `${argument}.ca`)) }),
    ...(clients?.crl !== undefined && {
      crl: certificates('client-crl', pemFile(clients.crl, 'X509 CRL', `${argument}.crl`)),
    }),
  };
}

function rangeLine(cidr: string, argument: string): string {
  if (/^[0-9a-fA-F.:]+(\/[0-9]{1,3})?$/.test(cidr)) return cidr;
  throw new Error(`${argument}: ${JSON.stringify(cidr)} is no range; allowed: for example 10.20.0.0/16`);
}
