/** How clients are spread over the brokers: haproxy.cfg has lines under the name of each. */
export const balancingMethods = [
  'clientId',
  'clientIdTable',
  'roundRobin',
  'sourceAddress',
  'leastConnections',
] as const;

export type BalancingMethod = (typeof balancingMethods)[number];

/** Those that need to see a client id. */
export const methodsByClientId: ReadonlySet<BalancingMethod> = new Set(['clientId', 'clientIdTable']);

/** Those whose hash sends clients elsewhere while the weight of a broker grows. */
export const methodsByHash: ReadonlySet<BalancingMethod> = new Set(['clientId', 'sourceAddress']);

/** What the balancers remember of client ids. */
export interface ClientIdTable {
  readonly entries: number;
  readonly expireSeconds: number;
  readonly keyLength: number;
}

/** How a listener spreads its clients, with everything decided. */
export type Balancing = { readonly slowStartSeconds?: number } & (
  | { readonly method: Exclude<BalancingMethod, 'clientIdTable'> }
  | ({ readonly method: 'clientIdTable' } & ClientIdTable)
);

/** The methods that are not among these, as errors name them. */
export function othersThan(methods: ReadonlySet<BalancingMethod>): string {
  const others = balancingMethods.filter((method) => !methods.has(method)).sort();
  return `${others.slice(0, -1).join(', ')} or ${others.at(-1) ?? ''}`;
}
