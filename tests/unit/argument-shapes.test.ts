import { Ajv2020 } from 'ajv/dist/2020';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkArguments } from '../../arguments/check';
import { definitionOf, readArgumentsSchema, reference } from '../../arguments/schema';
import type { Shape } from '../../arguments/schema';

const schema = readArgumentsSchema();
const ssh = { allowedCidrs: ['198.51.100.7/32'] };

/** What is said of arguments that are right but for these. */
function problemsOf(values: Readonly<Record<string, unknown>>): readonly string[] {
  return checkArguments({ ssh, ...values }, schema).map(({ path, reason }) => `${path}: ${reason}`);
}

describe('a key that nothing knows', () => {
  it.each([
    [{ listener: {} }, 'listener: is no known setting; did you mean listeners?'],
    [{ emqx: { verison: '5.8.9' } }, 'emqx.verison: is no known setting; did you mean version?'],
    [{ haproxy: { tsl: {} } }, 'haproxy.tsl: is no known setting; did you mean tls?'],
    [
      { haproxy: { keepalived: { advertInterval: 100 } } },
      'haproxy.keepalived.advertInterval: is no known setting; did you mean advertIntervalMs?',
    ],
    [
      { listeners: { mqtts: { max_connections: 10 } } },
      'listeners.mqtts.max_connections: is no known setting; did you mean maxConnections?',
    ],
    [
      { listeners: { mqtts: { rateLimit: { connectionsPerSource: 1, period: 1 } } } },
      'listeners.mqtts.rateLimit.period: is no known setting; connectionsPerSource, periodSeconds, sparedCidrs are known',
    ],
    [
      { emqx: { brokers: { 'emqx-1': { wieght: 1 } } } },
      'emqx.brokers.emqx-1.wieght: is no known setting; did you mean weight?',
    ],
    [
      {
        network: { vpcId: 'vpc-1', vpcCidr: '10.0.0.0/16', balancerSubnets: [{ subnetid: 's', cidr: 'c' }] },
      },
      'network.balancerSubnets[0].subnetid: is no known setting; did you mean subnetId?',
    ],
  ])('is refused at every level with the nearest one: %j', (values, problem) => {
    expect(problemsOf(values)).toContain(problem);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('is %s too', (key) => {
    const given: unknown = JSON.parse(`{"ssh":{"allowedCidrs":[],"${key}":1}}`);
    expect(checkArguments(given, schema).map(({ path }) => path)).toEqual([`ssh.${key}`]);
  });
});

describe('a value of another type', () => {
  it.each([
    [{ protect: 'yes' }, 'protect: is "yes"; true or false is allowed'],
    [{ elasticIpQuota: '6' }, 'elasticIpQuota: is "6"; a whole number is allowed'],
    [{ emqx: null }, 'emqx: is null; an object is allowed'],
    [{ emqx: [] }, 'emqx: is a list; an object is allowed'],
    [{ ssh: { allowedCidrs: '10.0.0.0/8' } }, 'ssh.allowedCidrs: is "10.0.0.0/8"; a list is allowed'],
    [{ ssh: { allowedCidrs: ['a', 5] } }, 'ssh.allowedCidrs[1]: is 5; a string is allowed'],
    [{ tags: { 'cost center': 5 } }, 'tags["cost center"]: is 5; a string is allowed'],
    [{ tags: ['a'] }, 'tags: is a list; a map is allowed'],
    [{ virtualIp: { mode: 'arp' } }, 'virtualIp.mode: is "arp"; elasticIp, route, privateIp are allowed'],
  ])('is told by what was given and what is allowed: %j', (values, problem) => {
    expect(problemsOf(values)).toEqual([problem]);
  });

  it('is not shown where it is long or secret', () => {
    const key = `-----BEGIN PRIVATE KEY-----${'A'.repeat(100)}`;
    expect(problemsOf({ protect: key, emqx: { cookie: 12345, brokers: [key] } })).toEqual([
      'protect: is a string of 129 characters; true or false is allowed',
      'emqx.cookie: is a number; a string is allowed',
      'emqx.brokers: is a list; a whole number or a map is allowed',
    ]);
  });
});

describe('one of several forms', () => {
  it.each([
    [{ network: { cidr: '10.1.0.0/16' } }],
    [{ certificates: { certificateChain: 'c', privateKey: 'k', ca: 'a' } }],
    [{ emqx: { brokers: 5 } }],
    [{ emqx: { brokers: { a: { weight: 5 }, b: {} } } }],
    [{ ssh: { ...ssh, via: 'private' } }],
    [{ ssh: { ...ssh, via: { host: 'h', user: 'u', privateKey: 'k', hostKey: 'h' } } }],
  ])('is taken in each: %j', (values) => {
    expect(problemsOf(values)).toEqual([]);
  });

  it('is told by the form that the keys are of, not by the one with fewest objections', () => {
    expect(problemsOf({ network: { vpcId: 'vpc-1', egres: 'nat' } })).toEqual([
      'network.egres: is no known setting; did you mean egress?',
      'network.vpcCidr: is missing; a string is needed',
      'network.balancerSubnets: is missing; a list is needed',
      'network.brokerSubnets: is missing; a list is needed',
      'network.egress: is missing; nat, endpoints are needed',
    ]);
    expect(problemsOf({ certificates: { certificateChain: 'c', privateKey: 'k' } })).toEqual([
      'certificates.ca: is missing; a string is needed',
    ]);
  });

  it('is told which keys of two forms do not go together', () => {
    expect(problemsOf({ network: { zoneCount: 3, nat: 'single', vpcId: 'vpc-1' } })).toEqual([
      'network.vpcId: does not go together with zoneCount, nat; leave out either',
    ]);
  });

  it('is told by all forms where the value is of none', () => {
    expect(problemsOf({ emqx: { brokers: 'five' } })).toEqual([
      'emqx.brokers: is "five"; a whole number or a map is allowed',
    ]);
    expect(problemsOf({ ssh: { ...ssh, via: 'balancer' } })).toEqual([
      'ssh.via: is "balancer"; balancers, private or an object is allowed',
    ]);
  });
});

describe('what is wrong in many places', () => {
  it('is told at once', () => {
    const values = { ssh: { via: 1 }, emqx: { brokers: true, x: 1 }, tags: { a: 1, b: 2 }, y: {} };
    expect(checkArguments(values, schema).map(({ path }) => path)).toEqual([
      'ssh.via',
      'ssh.allowedCidrs',
      'emqx.brokers',
      'emqx.x',
      'tags.a',
      'tags.b',
      'y',
    ]);
  });
});

/** Values that mostly fit a shape. */
function valuesNear(shape: Shape): fc.Arbitrary<unknown> {
  const other = fc.constantFrom<unknown[]>('text', 7, true, null, [], {}, ['text'], { unknown: 1 });
  return fc.oneof({ weight: 30, arbitrary: fitting(shape) }, { weight: 1, arbitrary: other });
}

function fitting(shape: Shape): fc.Arbitrary<unknown> {
  if ('anyOf' in shape) return fc.oneof(...shape.anyOf.map(valuesNear));
  if ('$ref' in shape) {
    const { properties, required } = definitionOf(schema, shape);
    const all = fc.record(
      Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, valuesNear(property)])),
    );
    const keys = Object.keys(properties);
    // Deep down hardly a value would be right if what is required were missing half the time.
    const left = fc.oneof(
      { weight: 15, arbitrary: fc.subarray(keys.filter((key) => !required.includes(key))) },
      { weight: 1, arbitrary: fc.subarray(keys) },
    );
    return fc
      .tuple(all, left)
      .map(([whole, out]) => Object.fromEntries(Object.entries(whole).filter(([key]) => !out.includes(key))));
  }
  if ('enum' in shape) return fc.constantFrom(...shape.enum);
  if (typeof shape.type !== 'string') return fc.jsonValue();
  switch (shape.type) {
    case 'string':
      return fc.string();
    case 'integer':
      return fc.integer();
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valuesNear(shape.items), { maxLength: 3 });
    case 'object':
      return fc.dictionary(fc.string(), valuesNear(shape.additionalProperties), { maxKeys: 3 });
  }
}

describe('the schema', () => {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    keywords: ['input', 'secret', 'defaultText'],
  });

  it.each(Object.keys(schema.$defs))(
    'takes and refuses the same %s as an implementation of others',
    (name) => {
      const shape = reference(name);
      const judge = ajv.compile({ ...schema, ...shape });
      const verdicts = new Set<boolean>();
      fc.assert(
        fc.property(fitting(shape), (value) => {
          const right = checkArguments(value, schema, shape).length === 0;
          verdicts.add(right);
          expect(right).toBe(judge(value));
        }),
        // The same values in every run: each kind of them, right ones and wrong ones, is among them.
        { numRuns: 200, seed: 1 },
      );
      expect([...verdicts].toSorted()).toEqual([false, true]);
    },
  );
});
