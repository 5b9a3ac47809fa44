import * as pulumi from '@pulumi/pulumi';
import type { ArgumentsSchema, Shape } from '../arguments/schema';
import { definitionOf } from '../arguments/schema';
import type { Problems } from '../components';

const unknownYet =
  'is not known before `pulumi up` has made something else, and it decides what is made; give the value itself';

/**
 * Arguments as the components take them: plain values but where an Output may stand. Other languages have an Output
 * where one value within is secret or hangs on another resource, and so it is looked into as far as it is known. What
 * has to be known and is not, and what would be readable and is secret, goes to `problems`.
 */
export async function settle(
  given: unknown,
  shape: Shape,
  schema: ArgumentsSchema,
  problems: Problems,
  path = '',
  inSecret = false,
): Promise<unknown> {
  if (shape.input === true || isAnything(shape)) {
    // Which part of it is the secret one, nobody can tell any more.
    if (inSecret && isAnything(shape)) return pulumi.secret(given);
    return pulumi.containsUnknowns(given) ? pulumi.output(given) : given;
  }
  const secret = inSecret || (pulumi.Output.isInstance(given) && (await pulumi.isSecret(given)));
  const value = pulumi.Output.isInstance(given) ? await plainly(given, path, problems) : given;
  if (pulumi.isUnknown(value)) {
    problems.add(path, unknownYet);
    return undefined;
  }
  if ('anyOf' in shape) return value;
  if ('$ref' in shape) {
    const { properties } = definitionOf(schema, shape);
    return eachOf(value, (key, each) => {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const where = path === '' ? key : `${path}.${key}`;
      return property === undefined
        ? Promise.resolve(each)
        : settle(each, property, schema, problems, where, secret);
    });
  }
  if (shape.type === 'array')
    return Array.isArray(value)
      ? Promise.all(
          value.map((each: unknown, index) =>
            settle(each, shape.items, schema, problems, `${path}[${index}]`, secret),
          ),
        )
      : value;
  if (shape.type === 'object' && 'additionalProperties' in shape)
    return eachOf(value, (key, each) =>
      settle(each, shape.additionalProperties, schema, problems, `${path}.${key}`, secret),
    );
  return value;
}

/** What another program understands may hold Outputs anywhere. */
function isAnything(shape: Shape): boolean {
  return 'type' in shape && typeof shape.type !== 'string';
}

/** A text that may be written as an Output and must be known: another component of this package tells it. */
export async function knownText(
  given: pulumi.Input<string>,
  path: string,
  problems: Problems,
): Promise<string> {
  const value = pulumi.Output.isInstance(given) ? await plainly(given, path, problems) : await given;
  if (typeof value === 'string') return value;
  problems.add(path, pulumi.isUnknown(value) ? unknownYet : 'is no string; a string is allowed');
  return '';
}

/** The value of an Output, in which what is not known yet stands as `pulumi.unknown`. */
async function plainly(output: pulumi.Output<unknown>, path: string, problems: Problems): Promise<unknown> {
  const value = await known(output);
  // Within an object a secret has its own place, which is one of the secret arguments or takes an Output.
  if ((await pulumi.isSecret(output)) && (typeof value !== 'object' || value === null))
    problems.add(path, 'is a secret, and would be readable in names, files or the state; give a plain value');
  return value;
}

async function known(output: pulumi.Output<unknown>): Promise<unknown> {
  if (!canBeAwaited(output)) throw new Error('this @pulumi/pulumi has Outputs that cannot be awaited');
  const value = await output.promise(true);
  // One whose whole value is not known has none.
  return value === undefined && !(await output.isKnown) ? pulumi.unknown : value;
}

/** The SDK's own way to look into an Output with unknowns in it; its types leave it out. */
function canBeAwaited(output: object): output is {
  readonly promise: (withUnknowns: boolean) => Promise<unknown>;
  readonly isKnown: Promise<boolean>;
} {
  return 'promise' in output && typeof output.promise === 'function' && 'isKnown' in output;
}

async function eachOf(
  value: unknown,
  settled: (key: string, each: unknown) => Promise<unknown>,
): Promise<unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, each]) => [key, await settled(key, each)] as const),
  );
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
}
