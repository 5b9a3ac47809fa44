import { checkCidrs } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import { planAcceptance, planAcceptProxy, planRateLimit, planRefusals } from './admission';
import type { ListenerArgs, ListenersArgs } from './arguments';
import { planAuthenticationOf } from './authentication';
import { brokerPortFor, defaultPorts, furtherBrokerPorts } from './brokerPorts';
import { checkIdentities, planClientCertificates } from './clientCertificates';
import { planFailedLogins } from './failedLogins';
import type { Listener, ListenerKind } from './listener';
import { isListenerKind, isWebSocket, listenerKinds } from './listener';
import { hiddenIds, planBalancing } from './planBalancing';
import type { TlsSurroundings } from './tls';
import { planListenerTls } from './tls';

/** What is decided for all listeners together. */
export interface ListenersSurroundings {
  /** Whether brokers are told of the clients behind the balancers. Defaults to true. */
  readonly proxyProtocol?: boolean;
  /** Who can reach the address at all: listeners that name no ranges of their own are open to them. Defaults to everybody. */
  readonly clientCidrs?: readonly string[];
  /** The oldest version of TLS on listeners that name none. Defaults to TLSv1.2. */
  readonly minVersion?: string;
  /** What clients may be shown. Defaults to any. */
  readonly serverCertificates?: TlsSurroundings['serverCertificates'];
}

/** Applies the defaults and checks every listener; what is wrong goes to `problems` under `listeners`. */
export function planListeners(
  args: ListenersArgs,
  problems: Problems,
  {
    proxyProtocol = true,
    clientCidrs = ['0.0.0.0/0'],
    minVersion = 'TLSv1.2',
    serverCertificates,
  }: ListenersSurroundings = {},
): readonly Listener[] {
  if (problems.refuseOutputs('listeners', args))
    return planListeners({ mqtts: {} }, problems, { proxyProtocol, clientCidrs });
  const given = Object.entries<ListenerArgs | undefined>(args).toSorted(inOrder);
  const listeners = given.flatMap(([name, each]) =>
    each === undefined
      ? []
      : [planOne(name, each, { clientCidrs, minVersion, serverCertificates }, problems)],
  );
  if (listeners.length === 0)
    problems.add(
      'listeners',
      'none is on, so no client could connect; give at least one of mqtt, mqtts, ws, wss',
    );
  if (listeners.length > mostListeners)
    problems.add(
      'listeners',
      `are ${listeners.length}; ${mostListeners} are allowed, since each has its own checks of every broker`,
    );
  checkIdentities(listeners, proxyProtocol, problems);
  return listeners;
}

const mostListeners = 20;

/** The four names first, the others by name, so that the order of the arguments changes no file on a host. */
function inOrder([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const place = (name: string) => (isListenerKind(name) ? listenerKinds.indexOf(name) : listenerKinds.length);
  return place(a) - place(b) || (a < b ? -1 : 1);
}

/** Of HAProxy's own frontend, and of the listeners that EMQX brings. */
const takenNames: readonly string[] = ['stats', 'default'];

function planKind(name: string, args: ListenerArgs, problems: Problems): ListenerKind {
  const path = `listeners.${name}`;
  if (!/^[a-z][a-z0-9-]{0,23}$/.test(name))
    problems.add(
      path,
      `is no name for a listener; 1 to 24 small letters, digits and hyphens are allowed, a letter first`,
    );
  if (takenNames.includes(name))
    problems.add(path, 'is a name that HAProxy or EMQX has for something else; give another');
  const { kind } = args;
  if (kind !== undefined) problems.oneOf(`${path}.kind`, kind, listenerKinds);
  if (isListenerKind(name)) {
    if (kind !== undefined && kind !== name)
      problems.add(
        `${path}.kind`,
        `is ${kind} on the listener named ${name}; leave it out, or give the listener a name of its own`,
      );
    return name;
  }
  if (kind === undefined) problems.add(`${path}.kind`, `is missing; ${listenerKinds.join(', ')} are allowed`);
  if (args.port === undefined)
    problems.add(`${path}.port`, 'is missing; give the port on the balancers, 1 to 65535');
  return kind ?? 'mqtt';
}

function planOne(
  name: string,
  args: ListenerArgs,
  { clientCidrs, ...tls }: TlsSurroundings & { readonly clientCidrs: readonly string[] },
  problems: Problems,
): Listener {
  const path = `listeners.${name}`;
  const kind = planKind(name, args, problems);
  const websocket = isWebSocket({ kind });
  const allowedCidrs = args.allowedCidrs ?? clientCidrs;
  if (args.allowedCidrs?.length === 0)
    problems.add(
      `${path}.allowedCidrs`,
      'is empty, so no client could connect; give ranges such as 198.51.100.0/24, or leave it out, which lets all connect that reach the virtual IP',
    );
  checkCidrs(`${path}.allowedCidrs`, allowedCidrs, problems);
  const { addresses = 'all' } = args;
  problems.oneOf(`${path}.addresses`, addresses, ['all', 'virtualIp']);
  const maxConnections = args.maxConnections ?? 10_000;
  problems.wholeNumber(`${path}.maxConnections`, maxConnections, 1, 1_000_000, 'clients');
  const inspect = args.inspect ?? !websocket;
  if (args.inspect !== undefined && websocket)
    problems.add(
      `${path}.inspect`,
      'is for mqtt and mqtts: the first bytes of a WebSocket are HTTP; leave it out',
    );
  for (const key of ['path', 'furtherPaths'] as const)
    if (args[key] !== undefined && !websocket)
      problems.add(`${path}.${key}`, 'is for ws and wss; leave it out');
  const endpointPath = args.path ?? '/mqtt';
  checkPath(`${path}.path`, endpointPath, problems);
  args.furtherPaths?.forEach((each, index) => checkPath(`${path}.furtherPaths[${index}]`, each, problems));
  const port = args.port ?? defaultPorts[kind].port;
  const brokerPort = args.brokerPort ?? brokerPortFor(name, port);
  return {
    ...{ name, kind, port, brokerPort },
    ...furtherBrokerPorts(name, brokerPort, maxConnections),
    allowedCidrs,
    ...(addresses === 'virtualIp' ? { onlyAtVirtualIp: true } : {}),
    maxConnections,
    ...planAcceptance(args, path, problems),
    balancing: planBalancing(
      { method: websocket || !inspect ? 'leastConnections' : 'clientId', ...args.balancing },
      { hidden: hiddenIds(websocket, inspect, args.clientCertificates?.identity), maxConnections },
      `${path}.balancing`,
      problems,
    ),
    inspect,
    ...planRefusals(args, inspect && !websocket, `${path}.refusals`, problems),
    ...planAcceptProxy(args, maxConnections, `${path}.acceptProxy`, problems),
    ...planAuthenticationOf(args, path, problems),
    path: endpointPath,
    ...(args.furtherPaths === undefined ? {} : { furtherPaths: args.furtherPaths }),
    ...(args.tls === undefined ? {} : { tls: planListenerTls(kind, args.tls, tls, `${path}.tls`, problems) }),
    ...(args.clientCertificates === undefined
      ? {}
      : {
          clientCertificates: planClientCertificates(
            kind,
            args.clientCertificates,
            `${path}.clientCertificates`,
            problems,
          ),
        }),
    ...planRateLimit(args, `${path}.rateLimit`, problems),
    ...planFailedLogins(kind, args, inspect, `${path}.failedLogins`, problems),
  };
}

function checkPath(at: string, path: string, problems: Problems): void {
  if (!/^\/[A-Za-z0-9._~/-]{0,200}$/.test(path))
    problems.add(at, `is ${JSON.stringify(path)}; it begins with / and has letters, digits and ._~/- only`);
}
