import { checkCidrs } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { BalancingArgs, ListenerArgs, ListenersArgs } from './arguments';
import type { Balancing, BalancingMethod, ClientIdTable } from './balancing';
import { balancingMethods, methodsByClientId, methodsByHash, othersThan } from './balancing';
import { brokerPortsOf, furtherBrokerPorts } from './brokerPorts';
import { checkIdentities, planClientCertificates } from './clientCertificates';
import type { Listener, ListenerName } from './listener';
import { isWebSocket, listenerNames } from './listener';

export const defaultPorts: Readonly<Record<ListenerName, { port: number; brokerPort: number }>> = {
  mqtt: { port: 1883, brokerPort: 1883 },
  mqtts: { port: 8883, brokerPort: 1884 },
  ws: { port: 8083, brokerPort: 8083 },
  wss: { port: 8084, brokerPort: 8084 },
};

/** What is decided for all listeners together. */
export interface ListenersSurroundings {
  /** Whether brokers are told of the clients behind the balancers. Defaults to true. */
  readonly proxyProtocol?: boolean;
  /** Who can reach the address at all: listeners that name no ranges of their own are open to them. Defaults to everybody. */
  readonly clientCidrs?: readonly string[];
}

/** Applies the defaults and checks every listener; what is wrong goes to `problems` under `listeners`. */
export function planListeners(
  args: ListenersArgs,
  problems: Problems,
  { proxyProtocol = true, clientCidrs = ['0.0.0.0/0'] }: ListenersSurroundings = {},
): readonly Listener[] {
  const listeners = listenerNames.flatMap((name) => {
    const given = args[name];
    return given === undefined ? [] : [planOne(name, given, clientCidrs, problems)];
  });
  if (listeners.length === 0)
    problems.add(
      'listeners',
      'none is on, so no client could connect; give at least one of mqtt, mqtts, ws, wss',
    );
  checkIdentities(listeners, proxyProtocol, problems);
  return listeners;
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
    for (const listener of listeners)
      for (const further of brokerPortsOf(listener).slice(1))
        owners.set(further, `listeners.${listener.name} for its many clients`);
  for (const listener of listeners) {
    const path = `listeners.${listener.name}.${key}`;
    problems.wholeNumber(path, listener[key], 1, 65535);
    const owner = owners.get(listener[key]);
    if (owner === undefined) owners.set(listener[key], `listeners.${listener.name}`);
    else problems.add(path, `is ${listener[key]}, which ${owner} uses already; give each its own port`);
  }
}

function planOne(
  name: ListenerName,
  args: ListenerArgs,
  clientCidrs: readonly string[],
  problems: Problems,
): Listener {
  const path = `listeners.${name}`;
  const allowedCidrs = args.allowedCidrs ?? clientCidrs;
  checkCidrs(`${path}.allowedCidrs`, allowedCidrs, problems);
  const maxConnections = args.maxConnections ?? 10_000;
  problems.wholeNumber(`${path}.maxConnections`, maxConnections, 1, 1_000_000, 'clients');
  const inspect = args.inspect ?? !isWebSocket(name);
  if (args.inspect !== undefined && isWebSocket(name))
    problems.add(
      `${path}.inspect`,
      'is for mqtt and mqtts: the first bytes of a WebSocket are HTTP; leave it out',
    );
  for (const key of ['path', 'furtherPaths'] as const)
    if (args[key] !== undefined && !isWebSocket(name))
      problems.add(`${path}.${key}`, 'is for ws and wss; leave it out');
  const endpointPath = args.path ?? '/mqtt';
  checkPath(`${path}.path`, endpointPath, problems);
  args.furtherPaths?.forEach((each, index) => checkPath(`${path}.furtherPaths[${index}]`, each, problems));
  return {
    name,
    port: args.port ?? defaultPorts[name].port,
    brokerPort: args.brokerPort ?? defaultPorts[name].brokerPort,
    ...furtherBrokerPorts(name, maxConnections),
    allowedCidrs,
    maxConnections,
    balancing: planBalancing(args.balancing ?? {}, hiddenIds(name, inspect), `${path}.balancing`, problems),
    inspect,
    ...(args.anonymous === true ? { anonymous: true } : {}),
    path: endpointPath,
    ...(args.furtherPaths === undefined ? {} : { furtherPaths: args.furtherPaths }),
    ...(args.clientCertificates === undefined
      ? {}
      : {
          clientCertificates: planClientCertificates(
            name,
            args.clientCertificates,
            `${path}.clientCertificates`,
            problems,
          ),
        }),
    ...planRateLimit(args, `${path}.rateLimit`, problems),
  };
}

/** Where no client id is seen, as errors name it; undefined where one is. */
function hiddenIds(name: ListenerName, inspect: boolean): string | undefined {
  if (isWebSocket(name)) return 'inside a WebSocket';
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
  args: BalancingArgs,
  hidden: string | undefined,
  path: string,
  problems: Problems,
): Balancing {
  const { method = hidden === undefined ? 'clientId' : 'leastConnections', slowStartSeconds } = args;
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
