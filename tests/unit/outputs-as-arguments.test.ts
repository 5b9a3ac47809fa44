import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { definitionOf, readArgumentsSchema } from '../../arguments/schema';
import type { Shape } from '../../arguments/schema';
import { MqttPlatform, Network, checkMqttPlatformArgs } from '../../components';
import { graphOf, refusalOf } from './resourceGraph';
import { adopted, subnet } from './adoptedNetwork';

const schema = readArgumentsSchema();

interface Place {
  /** Names and, for an entry of a list, 0. */
  readonly keys: readonly (string | number)[];
  readonly mayBeOutput: boolean;
}

/** Every place of the arguments that holds no object, and whether its type lets an Output stand there. */
function* placesIn(shape: Shape, keys: Place['keys'] = []): Generator<Place> {
  if (shape.input === true) yield { keys, mayBeOutput: true };
  else if ('anyOf' in shape) for (const each of shape.anyOf) yield* placesIn(each, keys);
  else if ('$ref' in shape)
    for (const [key, property] of Object.entries(definitionOf(schema, shape).properties))
      yield* placesIn(property, [...keys, key]);
  else if ('items' in shape) yield* placesIn(shape.items, [...keys, 0]);
  else if ('additionalProperties' in shape)
    yield* placesIn(shape.additionalProperties, [...keys, keys.at(-1) === 'listeners' ? 'mqtts' : 'emqx-1']);
  // What another program understands may hold Outputs anywhere.
  else yield { keys, mayBeOutput: typeof shape.type !== 'string' };
}

function textOf(keys: Place['keys']): string {
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .slice(1);
}

const ssh = { allowedCidrs: ['203.0.113.0/24'] };

/** What the rest of an argument is, so that the Output is all that can be wrong with it. */
const around: Readonly<Record<string, object>> = {
  network: adopted,
  ssh,
  http: { url: 'http://10.1.9.1:8080/' },
  redis: { servers: ['10.1.9.2'] },
};

function argumentsWith(keys: Place['keys'], value: unknown, before: unknown = { ssh }): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (typeof key === 'number') return [argumentsWith(rest, value, Array.isArray(before) ? before[0] : {})];
  const inner: unknown = Reflect.get(Object(before), key) ?? around[key] ?? {};
  return { ...Object(before), [key]: argumentsWith(rest, value, inner) };
}

/** The problems of Outputs where no Output may stand. */
function refusedOutputs(keys: Place['keys']): readonly string[] {
  const args = argumentsWith(keys, pulumi.output('later')) as Parameters<typeof checkMqttPlatformArgs>[1];
  return checkMqttPlatformArgs('mqtt', args)
    .filter(({ reason }) => reason.startsWith('is an Output'))
    .map(({ path }) => path);
}

/** Some arguments have a form in which an Output may stand, and one in which it may not: the first is tried. */
const places = [...placesIn(schema)].filter(
  ({ keys, mayBeOutput }, _, all) =>
    mayBeOutput || !all.some((other) => other.mayBeOutput && textOf(other.keys) === textOf(keys)),
);

describe('an Output', () => {
  it.each(places.filter(({ mayBeOutput }) => mayBeOutput).map(({ keys }) => [textOf(keys), keys] as const))(
    'is taken as %s',
    (_, keys) => {
      expect(refusedOutputs(keys)).toEqual([]);
    },
  );

  it.each(places.filter(({ mayBeOutput }) => !mayBeOutput).map(({ keys }) => [textOf(keys), keys] as const))(
    'is refused by name as %s, whose value is planned with',
    (path, keys) => {
      expect(refusedOutputs(keys)).toEqual([path]);
    },
  );
});

describe('a larger stack', () => {
  it('passes ids that it knows as Outputs alone', async () => {
    const later = (text: string) => pulumi.output(Promise.resolve(text));
    const graph = await graphOf(() => {
      new MqttPlatform('mqtt', {
        ssh,
        network: {
          ...adopted,
          vpcId: later('vpc-7'),
          balancerSubnets: [{ ...subnet, subnetId: later('subnet-7') }],
          egress: 'nat',
        },
        emqx: { brokers: 1, furtherSecurityGroupIds: pulumi.output(['sg-7', 'sg-8']) },
        iam: { path: later('/mqtt/') },
      });
    });
    const interfaceOf = (host: string) =>
      graph.one('aws:ec2/networkInterface:NetworkInterface', `mqtt-${host}-interface`).inputs;
    expect(interfaceOf('haproxy-1')).toMatchObject({ subnetId: 'subnet-7' });
    expect(interfaceOf('emqx-1')['securityGroups']).toEqual([expect.any(String), 'sg-7', 'sg-8']);
    expect(graph.one('aws:iam/role:Role', 'mqtt-emqx-1-role').inputs).toMatchObject({ path: '/mqtt/' });
  });

  it.each(['balancerSubnets', 'furtherVpcCidrs'])(
    'is told where the whole list %s is an Output, also by a network alone',
    async (key) => {
      // As JavaScript lets one write it.
      const args = { ...adopted, [key]: pulumi.output([]) } as unknown as ConstructorParameters<
        typeof Network
      >[1];
      expect(await refusalOf(() => new Network('net', args))).toContain(
        `network.${key}: is an Output, and names, addresses and rules are planned from its value`,
      );
    },
  );
});
