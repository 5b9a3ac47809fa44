import type { Problems } from '../rendering/problems';
import type { BalancingArgs, ClientCertificatesArgs } from './arguments';
import type { Balancing, BalancingMethod, ClientIdTable } from './balancing';
import { balancingMethods, methodsByClientId, methodsByHash, othersThan } from './balancing';

/** What balancing has to fit to. */
export interface Balanced {
  /** Why no client id is seen on the listener, where none is. */
  readonly hidden: string | undefined;
  readonly maxConnections: number;
}

/** Applies the defaults and checks them; what is wrong goes to `problems` under `path`. */
export function planBalancing(
  args: BalancingArgs & Required<Pick<BalancingArgs, 'method'>>,
  { hidden, maxConnections }: Balanced,
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
  if (method === 'clientIdTable')
    return { method, ...planTable(args, maxConnections, path, problems), ...slowStart };
  for (const key of ['entries', 'expireSeconds', 'keyLength'] as const)
    if (args[key] !== undefined)
      problems.add(
        `${path}.${key}`,
        `is for method clientIdTable and has no effect with ${method}; leave it out`,
      );
  return { method, ...slowStart };
}

function planTable(
  args: BalancingArgs,
  maxConnections: number,
  path: string,
  problems: Problems,
): ClientIdTable {
  const { entries = Math.max(100_000, maxConnections), expireSeconds = 1800, keyLength = 128 } = args;
  problems.wholeNumber(`${path}.entries`, entries, 1_000, 10_000_000);
  if (entries < maxConnections)
    problems.add(
      `${path}.entries`,
      `is ${entries}, and maxConnections is ${maxConnections}: clients that are connected would be forgotten; give ${maxConnections} or more`,
    );
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

/** Where no client id is seen, as errors name it; undefined where one is. */
export function hiddenIds(
  websocket: boolean,
  inspect: boolean,
  identity: ClientCertificatesArgs['identity'],
): string | undefined {
  if (identity === 'clientid') return undefined;
  if (websocket) return 'inside a WebSocket';
  return inspect ? undefined : 'where `inspect` is false';
}
