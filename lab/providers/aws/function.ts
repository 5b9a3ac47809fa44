import type { Call } from './call';
import { optional, text, type Fields, type Values } from './shape';

/** A row of the other table: a function (in Pulumi's words an invoke) of the official provider. */
export interface FunctionType<A extends Fields = Fields> {
  readonly token: string;
  readonly args: A;
  /** Properties of the result that are secret. */
  readonly secrets?: readonly string[];
  /** The result; what is undefined in it is left out. */
  run(call: Call, args: Values<A>): Promise<Readonly<Record<string, unknown>>>;
}

/** Types a row by its own arguments, adds the region that all take, and puts it in the table without them. */
export function awsFunction<A extends Fields>(row: FunctionType<A>): FunctionType {
  // Arguments reach a row only after `findFailures` has held them against the row's own fields.
  return { ...row, args: { region: optional(text), ...row.args } };
}
