import { ResourceInitFailed } from '../engineWire';
import { errorText, makeCall, unlessGone, type Call, type Clients } from './call';
import { findFailures, withDefaults, withNames, type Failure } from './check';
import { changedNames, compareInputs, inputsFrom, mustDeleteFirst, type Change } from './compare';
import type { ClientSettings } from './clients';
import { readConfiguration, type Configuration } from './configuration';
import type { FunctionType } from './function';
import { asKnown, commonInputs, isGlobal, type ResourceType } from './resource';
import { unknownValue, type Fields, type Properties, type Value } from './shape';
import { asTags, tagChange } from './tags';

/** The parts of a request that say which resource is meant. */
export interface Target {
  readonly type: string;
  readonly id: string;
}

/** A resource as the engine has it before a change. */
export interface Before {
  readonly state: Properties;
  readonly inputs: Properties;
}

export interface Options {
  /** True in a preview: nothing is asked of AWS. */
  readonly preview: boolean;
  /** From the resource's customTimeouts; 0 leaves it to the provider. */
  readonly timeoutSeconds: number;
}

export interface Recorded {
  readonly id: string;
  readonly state: Properties;
  readonly inputs: Properties;
}

/** The resource exists, but is not ready: the engine records it, and the next `up` goes on from there. */
export class NotReady extends ResourceInitFailed {
  constructor(id: string, state: Properties, inputs: Properties, cause: unknown) {
    super(errorText(cause), id, state, inputs, { cause });
  }
}

export type ClientsFor = (region: string, settings: ClientSettings) => Clients;

const defaultTimeoutMs = 10 * 60_000;
/** EC2's answers lag behind its own deeds, but not for minutes. */
const seenWithinSeconds = 60;
const notKnownYet = /^(Invalid\w+\.NotFound|NatGatewayNotFound)/;

/** The interpreter: what the engine asks of a provider, by a table of resource types and one of functions. */
export class AwsProvider {
  private readonly resources: ReadonlyMap<string, ResourceType>;
  private readonly functions: ReadonlyMap<string, FunctionType>;
  private readonly clients = new Map<string, Clients>();
  private readonly cancelled = new AbortController();
  private configuration: Configuration = { defaultTags: {}, access: {} };

  constructor(
    resources: readonly ResourceType[],
    functions: readonly FunctionType[],
    private readonly clientsFor: ClientsFor,
  ) {
    this.resources = new Map(resources.map((row) => [row.token, row]));
    this.functions = new Map(functions.map((row) => [row.token, row]));
  }

  configure(args: Properties): void {
    this.configuration = readConfiguration(args).configuration;
    this.clients.clear();
  }

  /** Ends every wait, so that an interrupted `up` stops at once. */
  cancel(): void {
    this.cancelled.abort(new Error('cancelled'));
  }

  check(
    type: string,
    resourceName: string,
    seed: Uint8Array,
    before: Properties,
    given: Properties,
  ): { readonly inputs: Properties; readonly failures: readonly Failure[] } {
    const row = this.row(type);
    const fields = commonInputs(row);
    const own = without(given, 'tagsAll');
    const failures = findFailures(fields, own, type);
    if (failures.length > 0) return { inputs: own, failures };
    const named = withNames(fields, withDefaults(fields, own), { resourceName, seed, before });
    const wrong = Object.entries(row.check?.(asKnown(named.inputs)) ?? {}).map(([property, reason]) => ({
      property,
      reason: `${property} of ${type}: ${reason}`,
    }));
    const tagged = row.tagging === undefined ? {} : { tagsAll: this.allTags(named.inputs['tags']) };
    return { inputs: { ...named.inputs, ...tagged }, failures: [...named.failures, ...wrong] };
  }

  diff(
    { type }: Target,
    before: Before,
    inputs: Properties,
    ignored: readonly string[] = [],
  ): { readonly changes: readonly Change[]; readonly deleteFirst: boolean } {
    const fields = commonInputs(this.row(type));
    const changes = compareInputs(fields, before.inputs, inputs, before.state, ignored);
    return { changes, deleteFirst: mustDeleteFirst(fields, before.inputs, inputs) };
  }

  async create(type: string, inputs: Properties, options: Options): Promise<Recorded> {
    const row = this.row(type);
    if (options.preview) return { id: '', state: this.planned(row, inputs), inputs };
    const call = this.callFor(row, inputs, options.timeoutSeconds);
    const id = await row.create(call, asKnown(inputs));
    try {
      // EC2 may not know yet what it has just made (tf: RetryWhenNewResourceNotFound, two minutes).
      await call.propagated(notKnownYet, async () => row.settle?.(call, id, asKnown(inputs)));
      const state = await this.readUntilThere(row, id, inputs);
      return { id, state, inputs };
    } catch (error) {
      throw new NotReady(id, { ...inputs, ...this.regionOf(row, inputs) }, inputs, error);
    }
  }

  async read({ type, id }: Target, state: Properties, inputs: Properties): Promise<Recorded | undefined> {
    const row = this.row(type);
    const call = this.callFor(row, { ...state, ...inputs }, 0);
    const live = await this.readState(row, call, id, state, inputs);
    if (live === undefined) return undefined;
    return { ...live, inputs: inputsFrom(commonInputs(row), inputs, state, live.state) };
  }

  async update(
    { type, id }: Target,
    before: Before,
    inputs: Properties,
    options: Options,
    ignored: readonly string[] = [],
  ): Promise<Properties> {
    const row = this.row(type);
    const changes = compareInputs(commonInputs(row), before.inputs, inputs, before.state, ignored);
    const changed = changedNames(changes);
    if (options.preview) return this.expected(row, before, inputs, changed);
    const call = this.callFor(row, inputs, options.timeoutSeconds);
    const known = { ...inputs, ...before.state };
    const tags = tagChange(asTags(before.inputs['tagsAll']), asTags(inputs['tagsAll']));
    if (Object.keys(tags.set).length + tags.remove.length > 0) await row.tagging?.(call, id, tags);
    const others = [...changed].filter((name) => name !== 'tags' && name !== 'tagsAll');
    if (others.length > 0) {
      const has = (...names: string[]) => names.some((name) => changed.has(name));
      await row.update?.(call, id, { before: asKnown(known), after: asKnown(inputs), has });
    }
    // Nothing changed: the engine repairs a resource that was not ready when it was made.
    if (changed.size === 0) await row.settle?.(call, id, asKnown(inputs));
    return this.readUntilThere(row, id, inputs, before.state);
  }

  async delete({ type, id }: Target, state: Properties, timeoutSeconds: number): Promise<void> {
    const row = this.row(type);
    await unlessGone(row.delete(this.callFor(row, state, timeoutSeconds), id, asKnown(state)));
  }

  async invoke(
    token: string,
    args: Properties,
  ): Promise<{
    readonly result: Properties;
    readonly secrets: readonly string[];
    readonly failures: readonly Failure[];
  }> {
    const row = this.functions.get(token);
    if (row === undefined) throw new Error(unknownName('function', token, [...this.functions.keys()]));
    const failures = findFailures(row.args, args, token);
    const secrets = row.secrets ?? [];
    if (failures.length > 0) return { result: {}, secrets, failures };
    const given = withDefaults(row.args, args);
    const call = this.call(this.region(given['region']), {}, 0);
    return { result: plain(await row.run(call, asKnown(given))), secrets, failures: [] };
  }

  /** The properties of a type whose values the engine must keep secret. */
  secretNames(type: string): readonly string[] {
    const row = this.row(type);
    return Object.entries({ ...row.inputs, ...row.outputs })
      .filter(([, field]) => field.secret === true)
      .map(([name]) => name);
  }

  private row(type: string): ResourceType {
    const row = this.resources.get(type);
    if (row === undefined) throw new Error(unknownName('resource type', type, [...this.resources.keys()]));
    return row;
  }

  private callFor(row: ResourceType, properties: Properties, timeoutSeconds: number): Call {
    return this.call(this.region(properties['region']), asTags(properties['tagsAll']), timeoutSeconds, row);
  }

  private call(
    region: string,
    tags: Readonly<Record<string, string>>,
    timeoutSeconds: number,
    row?: ResourceType,
  ): Call {
    const key = row !== undefined && isGlobal(row) ? 'global' : region;
    const clients = this.clients.get(key) ?? this.clientsFor(region, this.configuration.access);
    this.clients.set(key, clients);
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : defaultTimeoutMs;
    return makeCall(clients, region, tags, { timeoutMs, signal: this.cancelled.signal });
  }

  private region(given: Value | undefined): string {
    if (typeof given === 'string' && given !== unknownValue) return given;
    const { region } = this.configuration;
    if (region === undefined) {
      throw new Error('aws: no region: set aws:region in the stack configuration, or AWS_REGION');
    }
    return region;
  }

  private regionOf(row: ResourceType, inputs: Properties): Properties {
    return isGlobal(row) ? {} : { region: this.region(inputs['region']) };
  }

  private allTags(tags: Value | undefined): Value {
    if (typeof tags === 'string') return tags;
    return { ...this.configuration.defaultTags, ...asTags(tags) };
  }

  /** What a preview can say of a new resource: what is given; all else is unknown. */
  private planned(row: ResourceType, inputs: Properties): Properties {
    const open: Record<string, Value> = {};
    for (const [name, field] of Object.entries<Fields[string]>({ ...row.inputs, ...row.outputs })) {
      if (field.computed) open[name] = unknownValue;
    }
    return { ...open, ...inputs, ...this.regionOf(row, inputs) };
  }

  private expected(
    row: ResourceType,
    before: Before,
    inputs: Properties,
    changed: ReadonlySet<string>,
  ): Properties {
    const kept = Object.entries(before.state).filter(
      ([name]) => !changed.has(name) || inputs[name] !== undefined,
    );
    const open = (row.unsettled?.(changed) ?? []).map((name) => [name, unknownValue] as const);
    return { ...Object.fromEntries(kept), ...inputs, ...Object.fromEntries(open) };
  }

  /** What was just made may take a moment until AWS shows it. */
  private async readUntilThere(
    row: ResourceType,
    id: string,
    inputs: Properties,
    state: Properties = {},
  ): Promise<Properties> {
    const call = this.callFor(row, inputs, seenWithinSeconds);
    const known = without({ ...state, ...inputs }, 'tags');
    return (
      await call.until(`${row.token} ${id} to be seen`, () => this.readState(row, call, id, known, inputs))
    ).state;
  }

  private async readState(
    row: ResourceType,
    call: Call,
    id: string,
    known: Properties,
    inputs: Properties,
  ): Promise<{ readonly id: string; readonly state: Properties } | undefined> {
    const answer = await unlessGone(row.read(call, id, asKnown(known)));
    if (answer === undefined) return undefined;
    // The table's types are of plain data, so they are values of the engine's too.
    const live = answer as Record<string, Value | undefined>;
    const state: Record<string, Value> = {};
    for (const name of Object.keys({ ...row.inputs, ...row.outputs })) {
      const value = name in live ? live[name] : (known[name] ?? inputs[name]);
      if (value !== undefined) state[name] = value;
    }
    if (row.tagging !== undefined) Object.assign(state, this.splitTags(asTags(live['tags']), inputs['tags']));
    if (!isGlobal(row)) state['region'] = call.region;
    return { id: typeof live['id'] === 'string' ? live['id'] : id, state };
  }

  /** The program's own tags are those that it gives and those that are nobody's default. */
  private splitTags(all: Readonly<Record<string, string>>, given: Value | undefined): Properties {
    const own = asTags(given);
    const tags = Object.entries(all).filter(
      ([key, value]) => own[key] !== undefined || this.configuration.defaultTags[key] !== value,
    );
    return { tags: Object.fromEntries(tags), tagsAll: all };
  }
}

function without(properties: Properties, name: string): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => key !== name));
}

/** As the engine will get it: without what is undefined. */
function plain(result: Readonly<Record<string, unknown>>): Properties {
  return JSON.parse(JSON.stringify(result)) as Properties;
}

function unknownName(what: string, name: string, known: readonly string[]): string {
  return `aws: the lab knows no ${what} ${name}; it knows ${[...known].sort().join(', ')}`;
}
