import type { HoconObject } from '../hocon';
import type { Problems } from '../../rendering/problems';
import { parseCidr } from '../../network/addresses';

/** A server that the brokers ask. */
export interface ServerArgs {
  /** TLS towards the server, whose certificate must then be good. @default none */
  tls?: ServerTlsArgs;
  /** IPv4 ranges that the server lies in: the brokers' security group lets them reach its port there. @default [`0.0.0.0/0`] */
  cidrs?: string[];
  /** Connections that each broker keeps to it, 1 to 1000. @default 8 */
  poolSize?: number;
}

/** TLS towards a server. */
export interface ServerTlsArgs {
  /** PEM of the CA that signed its certificate. @default the CAs that the brokers' operating system trusts */
  ca?: string;
  /** The name that its certificate must have. @default the server's host name */
  serverName?: string;
}

/** A way out that the brokers need. */
export interface ServerPort {
  readonly port: number;
  readonly cidrs: readonly string[];
}

/** A file beside EMQX's configuration. */
export interface ServerFile {
  readonly path: string;
  readonly content: string;
}

/** Where files that EMQX's configuration names lie; the package's own folder changes owners at each upgrade. */
export const emqxFolder = '/etc/emqx-haproxy/emqx';

/** EMQX's settings of the connection, with the CA's file. */
export function planServer(
  args: ServerArgs,
  kind: string,
  path: string,
  problems: Problems,
): {
  readonly settings: HoconObject;
  readonly files: readonly ServerFile[];
  readonly cidrs: readonly string[];
} {
  const poolSize = args.poolSize ?? 8;
  problems.wholeNumber(`${path}.poolSize`, poolSize, 1, 1000, 'connections');
  const cidrs = args.cidrs ?? ['0.0.0.0/0'];
  cidrs.forEach((cidr, index) => {
    if (parseCidr(cidr) === undefined)
      problems.add(
        `${path}.cidrs[${index}]`,
        `is ${JSON.stringify(cidr)}; a range such as 10.0.0.0/8, without host bits, is allowed`,
      );
  });
  const { tls } = args;
  if (tls === undefined) return { settings: { pool_size: poolSize }, files: [], cidrs };
  const ca = planCa(tls, kind, `${path}.tls.ca`, problems);
  return {
    settings: {
      pool_size: poolSize,
      ssl: {
        enable: true,
        verify: 'verify_peer',
        ...(ca === undefined ? { cacerts: true } : { cacertfile: ca.path }),
        ...(tls.serverName === undefined ? {} : { server_name_indication: tls.serverName }),
      },
    },
    files: ca === undefined ? [] : [ca],
    cidrs,
  };
}

/** `host:port` of the argument `server`, or of each in a list. */
export function planAddress(
  server: string,
  defaultPort: number,
  path: string,
  problems: Problems,
): { readonly text: string; readonly port: number } {
  const parsed = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(server);
  const port = Number(parsed?.[3] ?? defaultPort);
  if (parsed === null || port < 1 || port > 65_535)
    problems.add(
      path,
      `is ${JSON.stringify(server)}; a host name or IPv4 address, and :PORT if not ${defaultPort}, are allowed`,
    );
  return { text: `${parsed?.[1] ?? ''}:${port}`, port };
}

function planCa(
  { ca }: ServerTlsArgs,
  kind: string,
  path: string,
  problems: Problems,
): ServerFile | undefined {
  if (ca === undefined) return undefined;
  if (!/-----BEGIN CERTIFICATE-----/.test(ca))
    problems.add(path, 'is no PEM certificate; give the text that begins with -----BEGIN CERTIFICATE-----');
  return { path: `${emqxFolder}/${kind}-ca.pem`, content: ca.endsWith('\n') ? ca : `${ca}\n` };
}
