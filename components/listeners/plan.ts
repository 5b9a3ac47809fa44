import { checkCidrs } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { BalancingArgs, ClientCertificatesArgs, ListenerArgs, ListenersArgs } from './arguments';
import type { Balancing, BalancingMethod, ClientIdTable } from './balancing';
import { balancingMethods, methodsByClientId, methodsByHash, othersThan } from './balancing';
import { brokerPortFor, brokerPortsOf, defaultPorts, furtherBrokerPorts, mostOnOnePort } from './brokerPorts';
import { checkIdentities, planClientCertificates } from './clientCertificates';
import { planFailedLogins } from './failedLogins';
import type { Listener, ListenerKind } from './listener';
import { isListenerKind, isWebSocket, listenerKinds } from './listener';
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

/** Ports must differ from each other and from those that the hosts use themselves. */
export function checkPorts(
  listeners: readonly Listener[],
  key: 'port' | 'brokerPort',
  taken: Readonly<Record<number, string>>,
  problems: Problems,
): void {
  const owners = new Map(Object.entries(taken).map(([port, owner]) => [Number(port), owner]));
  // Further ports are not for the user to choose: others have to keep off them.
  if (key === 'brokerPort')
    for (const listener of listeners) {
      const row = brokerPortsOf(listener).slice(1);
      const met = row.find((further) => owners.has(further));
      if (met !== undefined)
        problems.add(
          `listeners.${listener.name}.brokerPort`,
          `is ${listener.brokerPort}, whose further ports for many clients hold ${met}, which ${owners.get(met) ?? ''} uses already; give another`,
        );
      for (const further of row) owners.set(further, `listeners.${listener.name} for its many clients`);
    }
  for (const listener of listeners) {
    const path = `listeners.${listener.name}.${key}`;
    problems.wholeNumber(path, listener[key], 1, 65535);
    const owner = owners.get(listener[key]);
    if (owner === undefined) owners.set(listener[key], `listeners.${listener.name}`);
    else problems.add(path, `is ${listener[key]}, which ${owner} uses already; give each its own port`);
  }
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
      hiddenIds(websocket, inspect, args.clientCertificates?.identity),
      `${path}.balancing`,
      problems,
    ),
    inspect,
    ...planAcceptProxy(args, maxConnections, `${path}.acceptProxy`, problems),
    ...(args.anonymous === true ? { anonymous: true } : {}),
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

function planAcceptance(
  { acceptors, connectionsPerSecond }: ListenerArgs,
  path: string,
  problems: Problems,
): Pick<Listener, 'acceptors' | 'connectionsPerSecond'> {
  if (acceptors !== undefined) problems.wholeNumber(`${path}.acceptors`, acceptors, 1, 1024);
  if (connectionsPerSecond !== undefined)
    problems.wholeNumber(`${path}.connectionsPerSecond`, connectionsPerSecond, 1, 1_000_000);
  return {
    ...(acceptors === undefined ? {} : { acceptors }),
    ...(connectionsPerSecond === undefined ? {} : { connectionsPerSecond }),
  };
}

/** Where no client id is seen, as errors name it; undefined where one is. */
function hiddenIds(
  websocket: boolean,
  inspect: boolean,
  identity: ClientCertificatesArgs['identity'],
): string | undefined {
  if (identity === 'clientid') return undefined;
  if (websocket) return 'inside a WebSocket';
  return inspect ? undefined : 'where `inspect` is false';
}

function checkPath(at: string, path: string, problems: Problems): void {
  if (!/^\/[A-Za-z0-9._~/-]{0,200}$/.test(path))
    problems.add(at, `is ${JSON.stringify(path)}; it begins with / and has letters, digits and ._~/- only`);
}

/**
 * Applies the defaults and checks them; what is wrong goes to `problems` under `path`. `hidden` says why no client id
 * is seen on the listener, where none is.
 */
function planBalancing(
  args: BalancingArgs & Required<Pick<BalancingArgs, 'method'>>,
  hidden: string | undefined,
  path: string,
  problems: Problems,
): Balancing {
  const { method, slowStartSeconds } = args;
  if (hidden !== undefined && methodsByClientId.has(method))
    problems.add(
      `${path}.method`,
      `is ${method}, but a client id is not visible ${hidden}; use ${othersThan(methodsByClientId)}`,
    );
  problems.oneOf(`${path}.method`, method, balancingMethods);
  if (slowStartSeconds !== undefined)
    checkSlowStart(slowStartSeconds, method, `${path}.slowStartSeconds`, problems);
  const slowStart = slowStartSeconds === undefined ? {} : { slowStartSeconds };
  if (method === 'clientIdTable') return { method, ...planTable(args, path, problems), ...slowStart };
  for (const key of ['entries', 'expireSeconds', 'keyLength'] as const)
    if (args[key] !== undefined)
      problems.add(
        `${path}.${key}`,
        `is for method clientIdTable and has no effect with ${method}; leave it out`,
      );
  return { method, ...slowStart };
}

function planTable(args: BalancingArgs, path: string, problems: Problems): ClientIdTable {
  const { entries = 100_000, expireSeconds = 1800, keyLength = 128 } = args;
  problems.wholeNumber(`${path}.entries`, entries, 1_000, 10_000_000);
  problems.wholeNumber(`${path}.expireSeconds`, expireSeconds, 60, 2_592_000, 'seconds');
  problems.wholeNumber(`${path}.keyLength`, keyLength, 16, 1024, 'characters');
  return { entries, expireSeconds, keyLength };
}

function checkSlowStart(seconds: number, method: BalancingMethod, path: string, problems: Problems): void {
  problems.wholeNumber(path, seconds, 1, 3600, 'seconds');
  if (methodsByHash.has(method))
    problems.add(
      path,
      `is for other methods than ${method}, whose hash sends clients elsewhere while a weight grows; leave it out, or use ${othersThan(methodsByHash)}`,
    );
}

function planAcceptProxy(
  { acceptProxy }: ListenerArgs,
  maxConnections: number,
  path: string,
  problems: Problems,
): Pick<Listener, 'acceptProxy'> {
  if (acceptProxy === undefined) return {};
  if (acceptProxy.length === 0)
    problems.add(path, 'is empty; give the ranges of the load balancers in front, or leave it out');
  checkCidrs(path, acceptProxy, problems);
  if (acceptProxy.includes('0.0.0.0/0'))
    problems.add(
      path,
      'has 0.0.0.0/0, by which anybody could claim any address; give the load balancers alone',
    );
  if (maxConnections > mostOnOnePort)
    problems.add(
      path,
      `does not go together with ${maxConnections} maxConnections: what a load balancer tells takes the place of the port by which brokers' further ports are chosen; ${mostOnOnePort} are allowed`,
    );
  return { acceptProxy };
}

function planRateLimit(
  { rateLimit }: ListenerArgs,
  path: string,
  problems: Problems,
): Pick<Listener, 'rateLimit'> {
  if (rateLimit === undefined) return {};
  const { connectionsPerSource, periodSeconds = 10, sparedCidrs = [] } = rateLimit;
  problems.wholeNumber(`${path}.connectionsPerSource`, connectionsPerSource, 1, 1_000_000);
  problems.wholeNumber(`${path}.periodSeconds`, periodSeconds, 1, 3600, 'seconds');
  checkCidrs(`${path}.sparedCidrs`, sparedCidrs, problems);
  return { rateLimit: { connectionsPerSource, periodSeconds, sparedCidrs } };
}
