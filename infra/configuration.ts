import type * as pulumi from '@pulumi/pulumi';
import { checkArguments, withoutUnknownKeys } from '../arguments/check';
import type { ArgumentsSchema } from '../arguments/schema';
import { readArgumentsSchema, withoutArguments } from '../arguments/schema';
import { Problems, checkMqttPlatformArgs } from '../components';
import type { MqttPlatformArgs } from '../components';

/** The name that resources of the program begin with, and the project's own namespace in a stack's configuration. */
export const platformName = 'mqtt';

/** Arguments that the program finds out by itself, and no configuration says. */
const foundOut = ['activeBalancer'] as const satisfies readonly (keyof MqttPlatformArgs)[];

/** The arguments as a stack's configuration gives them: plain values. */
export type Configuration = pulumi.Unwrap<Omit<MqttPlatformArgs, (typeof foundOut)[number]>>;

/** What a stack's configuration may hold, from `schema` of all arguments. */
export function configurationSchema(schema: ArgumentsSchema = readArgumentsSchema()): ArgumentsSchema {
  return withoutArguments(schema, foundOut);
}

/**
 * Reads a stack's configuration: values as Pulumi hands them to a program (strings; objects as JSON), by key without
 * the project's name. Throws one InputPropertiesError with everything that is wrong.
 */
export function readConfiguration(values: Readonly<Record<string, string>>): Configuration {
  const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, parseValue(value)]));
  const problems = new Problems();
  const misshapen = checkArguments(given, configurationSchema());
  problems.addAll(misshapen);
  if (misshapen.some(({ unknownKey }) => !unknownKey)) problems.throwIfAny('Configuration');
  // What remains when the unknown keys are left out may be wrong too: all of it is told at once. It has this type
  // now, since the schema is derived from it.
  const known = withoutUnknownKeys(given, misshapen) as Configuration;
  problems.addAll(checkMqttPlatformArgs(platformName, known));
  problems.throwIfAny('Configuration');
  return known;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
