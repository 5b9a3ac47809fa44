import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkMqttPlatformArgs } from '../../components';
import { configurationSchema } from '../../infra/schema';

/** As much of a JSON schema as leads to its numbers. */
interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
}

// The library's type leaves every value open.
const schema = z.toJSONSchema(configurationSchema) as Schema & {
  readonly $defs: Readonly<Record<string, Schema>>;
};

/** Every argument that is a number, as the keys that lead to it. */
function* numbersIn(part: Schema, keys: readonly string[] = []): Generator<readonly string[]> {
  const target = part.$ref === undefined ? part : schema.$defs[part.$ref.replace('#/$defs/', '')];
  if (target === undefined) throw new Error(`no definition ${part.$ref ?? ''}`);
  if (target.type === 'number') yield keys;
  for (const each of target.anyOf ?? []) yield* numbersIn(each, keys);
  for (const [key, each] of Object.entries(target.properties ?? {})) yield* numbersIn(each, [...keys, key]);
  if (typeof target.additionalProperties === 'object')
    yield* numbersIn(target.additionalProperties, [...keys, 'emqx-1']);
}

/** What an option needs beside it to have effect. */
const companions: Readonly<Record<string, object>> = {
  balancing: { method: 'clientIdTable' },
  rateLimit: { connectionsPerSource: 10 },
};

function argumentsWith(keys: readonly string[], value: number): object {
  const [key = '', ...rest] = keys;
  if (rest.length === 0) return { [key]: value };
  return { [key]: { ...companions[key], ...argumentsWith(rest, value) } };
}

describe('a number out of its bounds', () => {
  const paths = [...numbersIn(schema)].map((keys) => keys.join('.'));

  it('is looked for in every argument that is one', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'emqx.brokers',
        'emqx.brokers.emqx-1.weight',
        'haproxy.healthCheck.timeoutMs',
        'listeners.mqtts.rateLimit.periodSeconds',
        'certificates.validityDays',
      ]),
    );
    expect(paths.length).toBeGreaterThan(60);
  });

  it.each(paths)('%s is refused with what is allowed', (path) => {
    for (const value of [-1, 1.5, 1e12]) {
      const args = { ssh: { allowedCidrs: ['198.51.100.7/32'] }, ...argumentsWith(path.split('.'), value) };
      const problems = checkMqttPlatformArgs('mqtt', args).map(({ path: at, reason }) => `${at}: ${reason}`);
      expect(problems).toContainEqual(
        expect.stringMatching(
          `^${path.replaceAll('.', '\\.')}: is ${value}; a whole number from \\d+ to \\d+`,
        ),
      );
    }
  });
});
