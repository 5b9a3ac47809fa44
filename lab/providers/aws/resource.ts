import type { Call } from './call';
import { chosen, map, text, type Field, type Fields, type Properties, type Values } from './shape';

/** A row of the table: a resource type of the official provider, and the calls that make it so. */
export interface ResourceType<I extends Fields = Fields, C extends Fields = Fields> {
  readonly token: string;
  readonly inputs: I;
  /** What only AWS knows. */
  readonly outputs: C;
  /** How its tags are changed; without it the type takes no tags. */
  readonly tagging?: Tagging;
  /** More than shapes can say: what is wrong with these inputs, by property. */
  check?(inputs: Partial<Values<I>>): Readonly<Record<string, string>>;
  /** Makes the resource and returns its id; what may fail once it exists belongs in `settle`. */
  create(call: Call, inputs: Values<I>): Promise<string>;
  /** Finishes a new resource and waits for it; runs again when it failed or was interrupted. */
  settle?(call: Call, id: string, inputs: Values<I>): Promise<void>;
  /**
   * What AWS says now; undefined when it is gone. `known` is what was recorded before: nothing but the id in an
   * import. A property that the answer does not name keeps its recorded value.
   */
  read(call: Call, id: string, known: Known<I, C>): Promise<Read<I, C> | undefined>;
  /** Applies the changed inputs that do not replace, tags aside. */
  update?(call: Call, id: string, change: InputChange<I, C>): Promise<void>;
  /** The outputs that a change of these inputs makes unknown until it is done. */
  unsettled?(changed: ReadonlySet<string>): readonly string[];
  /** Deletes it; gone already is success: the caller forgives AWS's "not found". */
  delete(call: Call, id: string, known: Known<I, C>): Promise<void>;
}

export type Known<I, C> = Partial<Values<I> & Values<C>>;

export type Read<I, C> = {
  readonly [K in keyof I | keyof C]?:
    (K extends keyof I ? Valued<I[K]> : never) | (K extends keyof C ? Valued<C[K]> : never) | undefined;
} & {
  /** All tags of the resource; the provider tells the program's from the default ones. */
  readonly tags?: Tags;
  /** The id as it should be recorded, where an import's is written otherwise. */
  readonly id?: string;
};
type Valued<F> = F extends Field<infer T> ? T : never;

export interface InputChange<I, C> {
  readonly before: Known<I, C>;
  readonly after: Values<I>;
  has(...names: (keyof I & string)[]): boolean;
}

export type Tags = Readonly<Record<string, string>>;

/** Sets and removes tags of one resource. */
export type Tagging = (
  call: Call,
  id: string,
  change: { readonly set: Tags; readonly remove: readonly string[] },
) => Promise<void>;

/** Types a row by its own properties, and puts it in the table without them. */
export function resource<I extends Fields, C extends Fields>(row: ResourceType<I, C>): ResourceType {
  // Inputs reach a row only after `findFailures` has held them against the row's own fields.
  return row;
}

/** The properties that the provider adds to a type: where it is, and its tags. */
export function commonInputs(row: ResourceType): Fields {
  return { ...row.inputs, ...(isGlobal(row) ? {} : regional), ...(row.tagging === undefined ? {} : tagged) };
}

/** IAM has no regions. */
export function isGlobal(row: ResourceType): boolean {
  return row.token.startsWith('aws:iam/');
}

export function asKnown(properties: Properties): Known<Fields, Fields> {
  return properties;
}

const regional = { region: chosen(text, { replaces: true }) };
/** tagsAll is computed in `check`, so that a change of the provider's default tags is a change of each resource. */
const tagged = { tags: chosen(map(text)), tagsAll: chosen(map(text)) };
