/**
 * What the fabric wants in one namespace, as the very commands that make it, so that two states can be compared and
 * the least be done to get from one to the other.
 */
export interface NamespaceState {
  /** Lines for `ip -batch`: what makes a piece (also when it is there with another value), under what removes it. */
  readonly ip: ReadonlyMap<string, string>;
  /** nft statements: what adds an element of a set or map, under what deletes it. */
  readonly elements: ReadonlyMap<string, string>;
  /** Chains beside those of the base rules, by their name with family and table: their rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Sets beside those of the base rules, by their name with family and table: their type. */
  readonly sets: ReadonlyMap<string, string>;
}

export const emptyState: NamespaceState = {
  ip: new Map(),
  elements: new Map(),
  chains: new Map(),
  sets: new Map(),
};

/** Lines for `ip -batch`: what has to go, and what has to come (a changed piece is made over). */
export function ipChanges(
  before: NamespaceState,
  after: NamespaceState,
): { remove: string[]; make: string[] } {
  return {
    remove: [...before.ip.keys()].filter((line) => !after.ip.has(line)),
    make: [...after.ip].filter(([key, line]) => before.ip.get(key) !== line).map(([, line]) => line),
  };
}

/** One nft transaction, in an order in which nothing refers to what is not there; empty when nothing differs. */
export function nftChanges(before: NamespaceState, after: NamespaceState): string {
  const goneChains = missing(before.chains, after.chains);
  const newChains = missing(after.chains, before.chains);
  const rewritten = [...after.chains].filter(([name, rules]) => !sameLines(before.chains.get(name), rules));
  return [
    ...[...before.elements].filter(([key, line]) => after.elements.get(key) !== line).map(([key]) => key),
    ...missing(after.sets, before.sets).map(
      (name) => `add set ${name} { type ${after.sets.get(name) ?? ''}; }`,
    ),
    ...newChains.map((name) => `add chain ${name}`),
    ...goneChains.map((name) => `flush chain ${name}`),
    ...rewritten.flatMap(([name, rules]) => [
      `flush chain ${name}`,
      ...rules.map((rule) => `add rule ${name} ${rule}`),
    ]),
    ...[...after.elements].filter(([key, line]) => before.elements.get(key) !== line).map(([, line]) => line),
    ...goneChains.map((name) => `delete chain ${name}`),
    ...missing(before.sets, after.sets).map((name) => `delete set ${name}`),
  ].join('; ');
}

/** An element as the pair that `NamespaceState.elements` keeps; `value` for maps. */
export function element(set: string, key: string, value?: string): [remove: string, add: string] {
  const entry = value === undefined ? key : `${key} : ${value}`;
  return [`delete element ${set} { ${key} }`, `add element ${set} { ${entry} }`];
}

function missing(from: ReadonlyMap<string, unknown>, others: ReadonlyMap<string, unknown>): string[] {
  return [...from.keys()].filter((key) => !others.has(key));
}

function sameLines(one: readonly string[] | undefined, other: readonly string[]): boolean {
  return (
    one !== undefined && one.length === other.length && one.every((line, index) => line === other[index])
  );
}
