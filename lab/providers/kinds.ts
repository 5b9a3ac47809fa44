import { randomBytes } from 'node:crypto';
import type { ZodError, ZodType } from 'zod';
import { isDeepStrictEqual } from 'node:util';
import type { CheckResult, DiffResult, Operation, ReadResult, ResourceProvider } from './server';
import { containsUnknown, isObject, openSecrets, sealSecrets, unknownValue, type Properties } from './values';

/** One type of resource of a provider that is made of such. */
export interface ResourceKind<Inputs> {
  /** Strict: an input that is not in it is an error. Its defaults become part of the state. */
  readonly inputs: ZodType<Inputs>;
  /** The inputs whose change replaces the resource; changes of others are updates. */
  readonly replacedBy: 'every input' | readonly string[];
  /** The inputs as `check` gives them back, with the defaults that become inputs; without it as they are. */
  checked?(values: Properties): Properties;
  /** What `create` adds to the inputs, for previews. */
  readonly computed: readonly string[];
  /** Of those, the ones that are always secret. */
  readonly secretOutputs?: readonly string[];
  /** Of those, the ones that are secret when one of these inputs is. */
  readonly secretsFrom?: Readonly<Record<string, readonly string[]>>;
  /** Of the computed, the ones that a change of any input may change. */
  readonly changedByUpdate?: readonly string[];
  create(inputs: Inputs, operation: Operation): Promise<Created>;
  update?(state: Properties, inputs: Inputs, operation: Operation): Promise<Properties>;
  delete?(state: Properties, inputs: Inputs, operation: Operation): Promise<void>;
  /** The state as a refresh finds it; without it as it is. */
  refreshed?(state: Properties): Properties;
  /** Properties of a state that time has made unfit, so that it must be replaced although no input changed. */
  outdated?(state: Properties): readonly string[];
}

export interface Created {
  /** A random one when left out. */
  readonly id?: string;
  readonly outputs: Properties;
}

/** A provider whose resource types are the given table's rows; a type that is not in it is an error. */
export function providerOfKinds(
  version: string,
  kinds: Readonly<Record<string, ResourceKind<unknown>>>,
): ResourceProvider {
  const kindOf = (urn: string) => {
    const type = typeOf(urn);
    const kind = kinds[type];
    if (kind === undefined) {
      throw new Error(`the lab has no resource type ${type}; it has ${Object.keys(kinds).sort().join(', ')}`);
    }
    return kind;
  };
  return {
    version,
    check: (urn, _, news) => Promise.resolve(check(kindOf(urn), news)),
    diff: (_, urn, olds, news, oldInputs) => Promise.resolve(diff(kindOf(urn), olds, news, oldInputs)),
    create: (urn, inputs, operation) => create(kindOf(urn), inputs, operation),
    read: (id, urn, state, inputs) => Promise.resolve(read(kindOf(urn), id, state, inputs)),
    update: async (_, urn, olds, news, operation) => ({
      outs: await update(kindOf(urn), olds, news, operation),
    }),
    delete: async (_, urn, state, operation) => {
      const kind = kindOf(urn);
      const { values } = openSecrets(state);
      await kind.delete?.(values, kind.inputs.parse(withoutComputed(kind, values)), operation);
    },
  };
}

function typeOf(urn: string): string {
  // urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME
  return urn.split('::')[2]?.split('$').at(-1) ?? urn;
}

function check(kind: ResourceKind<unknown>, news: Properties): CheckResult {
  const { values, secretNames } = openSecrets(news);
  const result = kind.inputs.safeParse(values);
  if (!result.success) return { failures: failures(result.error, values) };
  return kind.checked === undefined ? {} : { inputs: sealSecrets(kind.checked(values), secretNames) };
}

function failures(error: ZodError, values: Properties) {
  return error.issues
    .filter((issue) => !isUnknownAt(values, issue.path))
    .map((issue) => ({ property: issue.path.join('.'), reason: issue.message }));
}

/** A value that a preview does not know yet cannot be judged. */
function isUnknownAt(values: unknown, path: readonly PropertyKey[]): boolean {
  const [name, ...rest] = path;
  if (values === unknownValue) return true;
  if (name === undefined) return containsUnknown(values);
  if (Array.isArray(values)) return isUnknownAt(values[Number(name)], rest);
  return isObject(values) && isUnknownAt(values[String(name)], rest);
}

function diff(
  kind: ResourceKind<unknown>,
  olds: Properties,
  news: Properties,
  oldInputs: Properties,
): DiffResult {
  const before = openSecrets(oldInputs).values;
  const after = openSecrets(news).values;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const diffs = [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
  const outdated = kind.outdated?.({ ...openSecrets(olds).values, ...after }) ?? [];
  const replaces =
    kind.replacedBy === 'every input' ? diffs : diffs.filter((name) => kind.replacedBy.includes(name));
  return {
    changes: diffs.length + outdated.length > 0,
    diffs: [...diffs, ...outdated],
    replaces: [...replaces, ...outdated],
  };
}

function read(kind: ResourceKind<unknown>, id: string, state: Properties, inputs: Properties): ReadResult {
  const { values, secretNames } = openSecrets(state);
  const props = kind.refreshed?.(values) ?? values;
  return { id, props: sealSecrets(props, secretNames), inputs };
}

async function create(kind: ResourceKind<unknown>, inputs: Properties, operation: Operation) {
  const { values, secretNames } = openSecrets(inputs);
  const secrets = secretOutputs(kind, secretNames);
  if (operation.preview) {
    const computed = Object.fromEntries(kind.computed.map((name) => [name, unknownValue]));
    return { id: '', outs: sealSecrets({ ...withDefaults(kind, values), ...computed }, secrets) };
  }
  const parsed = kind.inputs.parse(values);
  const { id, outputs } = await kind.create(parsed, operation);
  const state = { ...(isObject(parsed) ? parsed : values), ...outputs };
  return { id: id ?? randomBytes(8).toString('hex'), outs: sealSecrets(state, secrets) };
}

async function update(
  kind: ResourceKind<unknown>,
  olds: Properties,
  inputs: Properties,
  operation: Operation,
): Promise<Properties> {
  const { values, secretNames } = openSecrets(inputs);
  const secrets = secretOutputs(kind, secretNames);
  const before = openSecrets(olds).values;
  const kept = Object.fromEntries(
    kind.computed.flatMap((name) => (before[name] === undefined ? [] : [[name, before[name]]])),
  );
  if (operation.preview) {
    const changed = Object.fromEntries((kind.changedByUpdate ?? []).map((name) => [name, unknownValue]));
    return sealSecrets({ ...withDefaults(kind, values), ...kept, ...changed }, secrets);
  }
  const parsed = kind.inputs.parse(values);
  const outputs = (await kind.update?.(before, parsed, operation)) ?? {};
  return sealSecrets({ ...(isObject(parsed) ? parsed : values), ...kept, ...outputs }, secrets);
}

/** As far as a preview can tell: without them each default would show as removed. */
function withDefaults(kind: ResourceKind<unknown>, values: Properties): Properties {
  const { data } = kind.inputs.safeParse(values);
  return isObject(data) ? data : values;
}

function secretOutputs(kind: ResourceKind<unknown>, secretInputs: ReadonlySet<string>): Set<string> {
  const derived = Object.entries(kind.secretsFrom ?? {})
    .filter(([, from]) => from.some((name) => secretInputs.has(name)))
    .map(([name]) => name);
  return new Set([...secretInputs, ...(kind.secretOutputs ?? []), ...derived]);
}

function withoutComputed(kind: ResourceKind<unknown>, state: Properties): Properties {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !kind.computed.includes(name)));
}
