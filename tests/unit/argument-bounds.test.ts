import { describe, expect, it } from 'vitest';
import { definitionOf, readArgumentsSchema } from '../../arguments/schema';
import type { Property, Shape } from '../../arguments/schema';
import { checkMqttPlatformArgs } from '../../components';

const schema = readArgumentsSchema();

interface NumberArgument {
  readonly path: string;
  readonly description: string;
}

/** Every argument that is a number, with the keys that lead to it. */
function* numbersIn(shape: Shape, description = '', keys: readonly string[] = []): Generator<NumberArgument> {
  if ('anyOf' in shape) for (const each of shape.anyOf) yield* numbersIn(each, description, keys);
  else if ('$ref' in shape) {
    const properties: Readonly<Record<string, Property>> = definitionOf(schema, shape).properties;
    for (const [key, property] of Object.entries(properties))
      yield* numbersIn(property, property.description, [...keys, key]);
  } else if (shape.type === 'integer') yield { path: keys.join('.'), description };
  else if (shape.type === 'object')
    yield* numbersIn(shape.additionalProperties, description, [...keys, entries[keys.at(-1) ?? ''] ?? 'any']);
}

/** A key that a map may have. */
const entries: Readonly<Record<string, string>> = { brokers: 'emqx-1', listeners: 'mqtts' };

/** What an option needs beside it to have effect. */
const companions: Readonly<Record<string, object>> = {
  balancing: { method: 'clientIdTable' },
  rateLimit: { connectionsPerSource: 10 },
  dashboard: { allowedCidrs: ['198.51.100.7/32'] },
};

function argumentsWith(keys: readonly string[], value: number): object {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) return { [key]: value };
  return { [key]: { ...companions[key], ...argumentsWith(rest, value) } };
}

/** The bounds that the plans name when they refuse a value of the argument at `path`. */
function boundsToldOf(path: string, value: number): readonly [least: string, most: string] | undefined {
  const args = { ssh: { allowedCidrs: ['198.51.100.7/32'] }, ...argumentsWith(path.split('.'), value) };
  for (const { path: at, reason } of checkMqttPlatformArgs('mqtt', args)) {
    const [, given, least, most] = /^is (\S+); a whole number from (\d+) to (\d+)/.exec(reason) ?? [];
    if (at === path && given === String(value) && least !== undefined && most !== undefined)
      return [least, most];
  }
  return undefined;
}

/** The bounds that a doc comment names; one that is another argument's value stands as its name in backticks. */
function boundsIn(description: string): readonly (string | undefined)[] {
  const [, least, most] = /(`\w+`|[\d,]+) (?:to|or) ([\d,]+)/.exec(description) ?? [];
  return [least, most].map((bound) => bound?.replaceAll(',', ''));
}

describe('a number out of its bounds', () => {
  const numbers = [...numbersIn(schema)];

  it('is looked for in every argument that is one', () => {
    expect(numbers.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'emqx.brokers',
        'emqx.brokers.emqx-1.weight',
        'haproxy.healthCheck.timeoutMs',
        'listeners.mqtts.rateLimit.periodSeconds',
        'certificates.validityDays',
      ]),
    );
    expect(numbers.length).toBeGreaterThan(35);
  });

  it.each(numbers)('$path is refused with what is allowed', ({ path }) => {
    for (const value of [-1, 1.5, 1e12])
      expect(boundsToldOf(path, value), `${path} of ${value}`).toBeDefined();
  });

  it.each(numbers)('$path is refused with the bounds that its doc comment tells', ({ path, description }) => {
    const [least, most] = boundsToldOf(path, -1) ?? [];
    const [leastInWords, mostInWords] = boundsIn(description);
    expect(mostInWords, description).toBe(most);
    if (leastInWords?.startsWith('`') !== true) expect(leastInWords, description).toBe(least);
  });
});
