import { checkCidrs } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import { brokerPortsOf, furtherBrokerPorts } from './brokerPorts';
import type { ClientCertificatesArgs } from './clientCertificates';
import { checkIdentities, planClientCertificates } from './clientCertificates';
import type { Balancing, Listener, ListenerName } from './listener';
import { isWebSocket } from './listener';

/** How a listener spreads its clients over the brokers. */
export interface BalancingArgs {
  /**
   * `clientId` (consistent hash: the same client finds the same broker through either balancer), `clientIdTable` (a
   * stick table that the balancers share), `roundRobin`, `sourceAddress` or `leastConnections`. Weights of brokers
   * count in all of them. Defaults to `clientId` for mqtt and mqtts, and to `leastConnections` for ws and wss, where
   * no client id is visible.
   */
  method?: Balancing['method'];
  /** clientIdTable: how many client ids are remembered, 1,000 to 10,000,000. Defaults to 100,000, as in EMQX's guide. */
  entries?: number;
  /** clientIdTable: how long after its last connection, in seconds, 60 to 2,592,000. Defaults to 1800, as in EMQX's guide. */
  expireSeconds?: number;
  /** clientIdTable: characters of the id that count, 16 to 1024; the guide's 32 puts ids with a common prefix together. Defaults to 128. */
  keyLength?: number;
  /**
   * How long the share of new clients of a broker that comes back grows, in seconds, 1 to 3600. Not for clientId and
   * sourceAddress: their hash would send clients elsewhere meanwhile. Defaults to none.
   */
  slowStartSeconds?: number;
}

/** A limit on new connections for each source address. */
export interface RateLimitArgs {
  /** New connections that one address may make in a period, 1 to 1,000,000. */
  connectionsPerSource: number;
  /** The period in seconds, 1 to 3600. Defaults to 10. */
  periodSeconds?: number;
  /** Ranges without a limit: a fleet behind one NAT shares an address, and all of it reconnects at once. Defaults to none. */
  sparedCidrs?: string[];
}

/** One port that clients connect to. */
export interface ListenerArgs {
  /** The port on the balancers, 1 to 65535. Defaults to 1883 (mqtt), 8883 (mqtts), 8083 (ws), 8084 (wss). */
  port?: number;
  /**
   * The brokers' port behind it; each listener has its own. Defaults to 1883, 1884, 8083, 8084. For more than 51,200
   * clients brokers open further ports: from 20001 on for mqtt, 20101 mqtts, 20201 ws, 20301 wss, 19 at most.
   */
  brokerPort?: number;
  /** IPv4 ranges that may connect. Defaults to whoever can reach the virtual IP: the whole internet, `0.0.0.0/0`, or the VPC's range where the address is private. */
  allowedCidrs?: string[];
  /** Clients at once, 1 to 1,000,000. Defaults to 10,000. */
  maxConnections?: number;
  /** Which broker a client gets. */
  balancing?: BalancingArgs;
  /** False passes bytes on that are no MQTT, for clients that must not be inspected. mqtt and mqtts only. Defaults to true. */
  inspect?: boolean;
  /** Mutual TLS. mqtts and wss only. Defaults to none. */
  clientCertificates?: ClientCertificatesArgs;
  /**
   * True lets anyone in, unasked, with only what `emqx.authorization` allows anonymous clients; their client ids get the
   * prefix `anonymous-`, so that none takes over the session of another. Defaults to false: who is named in
   * `emqx.authentication`.
   */
  anonymous?: boolean;
  /** The path of the WebSocket endpoint. ws and wss only. Defaults to `/mqtt`. */
  path?: string;
  /** Other paths that lead to the same endpoint, such as `/ws`; a trailing slash makes no difference. ws and wss only. Defaults to none. */
  furtherPaths?: string[];
  /** Defaults to no limit. */
  rateLimit?: RateLimitArgs;
}

/** The listeners that are on: a name that is missing is off. Defaults to mqtts alone. */
export interface ListenersArgs {
  /** MQTT over TCP, in the clear. */
  mqtt?: ListenerArgs;
  /** MQTT over TLS. */
  mqtts?: ListenerArgs;
  /** MQTT over WebSocket, in the clear. */
  ws?: ListenerArgs;
  /** MQTT over WebSocket and TLS. */
  wss?: ListenerArgs;
}

/** In the order in which they are rendered, listed and checked. */
export const listenerNames = ['mqtt', 'mqtts', 'ws', 'wss'] as const satisfies readonly ListenerName[];

const defaultPorts: Readonly<Record<ListenerName, { port: number; brokerPort: number }>> = {
  mqtt: { port: 1883, brokerPort: 1883 },
  mqtts: { port: 8883, brokerPort: 1884 },
  ws: { port: 8083, brokerPort: 8083 },
  wss: { port: 8084, brokerPort: 8084 },
};

/** Applies the defaults and checks every listener; what is wrong goes to `problems` under `listeners`. */
export function planListeners(
  args: ListenersArgs,
  problems: Problems,
  proxyProtocol = true,
): readonly Listener[] {
  const listeners = listenerNames.flatMap((name) => {
    const given = args[name];
    return given === undefined ? [] : [planOne(name, given, problems)];
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

function planOne(name: ListenerName, args: ListenerArgs, problems: Problems): Listener {
  const path = `listeners.${name}`;
  const allowedCidrs = args.allowedCidrs ?? ['0.0.0.0/0'];
  checkCidrs(`${path}.allowedCidrs`, allowedCidrs, problems);
  const maxConnections = args.maxConnections ?? 10_000;
  problems.wholeNumber(`${path}.maxConnections`, maxConnections, 1, 1_000_000, 'clients');
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
    balancing: planBalancing(name, args, `${path}.balancing`, problems),
    inspect: args.inspect ?? !isWebSocket(name),
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

function checkPath(at: string, path: string, problems: Problems): void {
  if (!/^\/[A-Za-z0-9._~/-]{0,200}$/.test(path))
    problems.add(at, `is ${JSON.stringify(path)}; it begins with / and has letters, digits and ._~/- only`);
}

function planBalancing(
  name: ListenerName,
  listener: ListenerArgs,
  path: string,
  problems: Problems,
): Balancing {
  const args = listener.balancing ?? {};
  const inspected = !isWebSocket(name) && (listener.inspect ?? true);
  const method = args.method ?? (inspected ? 'clientId' : 'leastConnections');
  if (!inspected && (method === 'clientId' || method === 'clientIdTable'))
    problems.add(
      `${path}.method`,
      `is ${method}, but a client id is not visible ${isWebSocket(name) ? 'inside a WebSocket' : 'where `inspect` is false'}; use leastConnections, roundRobin or sourceAddress`,
    );
  problems.oneOf(`${path}.method`, method, balancingMethods);
  const slowStart = planSlowStart(args, method, `${path}.slowStartSeconds`, problems);
  if (method !== 'clientIdTable') {
    for (const key of ['entries', 'expireSeconds', 'keyLength'] as const)
      if (args[key] !== undefined)
        problems.add(
          `${path}.${key}`,
          `is for method clientIdTable and has no effect with ${method}; leave it out`,
        );
    return method === 'clientId' || method === 'sourceAddress' ? { method } : { method, ...slowStart };
  }
  const { entries = 100_000, expireSeconds = 1800, keyLength = 128 } = args;
  problems.wholeNumber(`${path}.entries`, entries, 1_000, 10_000_000);
  problems.wholeNumber(`${path}.expireSeconds`, expireSeconds, 60, 2_592_000, 'seconds');
  problems.wholeNumber(`${path}.keyLength`, keyLength, 16, 1024, 'characters');
  return { method, entries, expireSeconds, keyLength, ...slowStart };
}

const balancingMethods = ['clientId', 'clientIdTable', 'roundRobin', 'sourceAddress', 'leastConnections'];

function planSlowStart(
  { slowStartSeconds }: BalancingArgs,
  method: Balancing['method'],
  path: string,
  problems: Problems,
): { slowStartSeconds?: number } {
  if (slowStartSeconds === undefined) return {};
  problems.wholeNumber(path, slowStartSeconds, 1, 3600, 'seconds');
  if (method === 'clientId' || method === 'sourceAddress')
    problems.add(
      path,
      `is for other methods than ${method}, whose hash sends clients elsewhere while a weight grows; leave it out, or use leastConnections, roundRobin or clientIdTable`,
    );
  return { slowStartSeconds };
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
