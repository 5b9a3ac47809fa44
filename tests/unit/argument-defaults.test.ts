import { beforeAll, describe, expect, it } from 'vitest';
import { checkArguments } from '../../arguments/check';
import { definitionName, definitionOf, readArgumentsSchema } from '../../arguments/schema';
import type { Shape } from '../../arguments/schema';
import { MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import { Identity } from '../../proving/identities';
import { graphOf } from './resourceGraph';

const schema = readArgumentsSchema();
const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const database = { server: '10.20.0.9:5432', database: 'mqtt', username: 'emqx', password: 'p' };
const directory = { server: '10.20.0.9:389', username: 'cn=emqx', password: 'p', baseDn: 'dc=example' };

interface Tried {
  readonly args: MqttPlatformArgs;
  /** Options that have no effect beside the others, and are refused. */
  readonly inapplicable: readonly string[];
}

/** Between them, every option with a plain default has effect. */
function platforms(clientsCa: string): readonly Tried[] {
  return [
    {
      args: {
        ssh,
        iam: {},
        network: {},
        certificates: {},
        virtualIp: {},
        emqx: {
          repository: {},
          backup: {},
          egressRules: [{ cidr: '10.20.0.9/32', port: 5432 }],
          apiKeys: { monitoring: {} },
          authentication: [
            { users: { device: {} } },
            { jwt: { jwksUrl: 'https://login.example.com/keys', verifyClaims: { sub: '${username}' } } },
            { http: { url: 'https://login.example.com/mqtt' } },
            { postgresql: { ...database, passwordHash: { name: 'pbkdf2' } } },
            { mysql: { ...database, passwordHash: {} } },
            { redis: { servers: ['10.20.0.9:6379'] } },
            { ldap: directory },
          ],
          authorization: { rules: [{ permission: 'allow', who: { user: 'device' }, topics: ['a'] }] },
        },
        haproxy: {
          updates: {},
          tls: {},
          stats: {},
          dashboard: { allowedCidrs: ['10.9.0.0/16'] },
          healthCheck: {},
          keepalived: {},
        },
        listeners: {
          mqtts: {
            balancing: { method: 'clientIdTable' },
            tls: {},
            rateLimit: { connectionsPerSource: 10 },
            failedLogins: {},
            clientCertificates: { verify: 'required', ca: clientsCa },
          },
        },
      },
      inapplicable: [
        'virtualIp.publicAddress',
        'listeners.mqtts.path',
        'emqx.authentication.1.jwt.secretIsBase64',
        'emqx.authentication.4.mysql.passwordHash.mac',
        'emqx.authentication.4.mysql.passwordHash.iterations',
        'emqx.authentication.6.ldap.passwordAttribute',
      ],
    },
    {
      args: {
        ssh,
        network: { balancerZoneCount: 1 },
        virtualIp: { mode: 'privateIp' },
        emqx: {
          brokers: { 'emqx-1': {}, 'emqx-2': {} },
          authentication: [{ jwt: { secret: 's' } }, { ldap: { ...directory, method: 'hash' } }],
        },
        listeners: { wss: {} },
      },
      inapplicable: [
        'listeners.wss.inspect',
        'listeners.wss.refusals',
        'emqx.authentication.0.jwt.refreshSeconds',
      ],
    },
  ];
}

/** Spells each plain default out, in every object that is given. */
class Speller {
  /** The arguments that it spelled out. */
  readonly spelled = new Set<string>();

  constructor(private readonly inapplicable: readonly string[]) {}

  spell(value: unknown, shape: Shape, keys: readonly string[] = []): unknown {
    if ('anyOf' in shape) {
      const meant = shape.anyOf.find((each) => checkArguments(value, schema, each).length === 0);
      return meant === undefined ? value : this.spell(value, meant, keys);
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in shape) return this.spellObject(value, shape.$ref, keys);
    if (shape.type === 'array' && Array.isArray(value))
      return value.map((each, index) => this.spell(each, shape.items, [...keys, String(index)]));
    if (shape.type !== 'object') return value;
    const { additionalProperties } = shape;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        this.spell(each, additionalProperties, [...keys, key]),
      ]),
    );
  }

  private spellObject(value: object, $ref: string, keys: readonly string[]): unknown {
    const given = new Map<string, unknown>(Object.entries(value));
    for (const [key, property] of Object.entries(definitionOf(schema, { $ref }).properties)) {
      const path = [...keys, key];
      if (given.has(key)) given.set(key, this.spell(given.get(key), property, path));
      else if (property.default !== undefined && !this.inapplicable.includes(path.join('.'))) {
        given.set(key, property.default);
        this.spelled.add(`${definitionName($ref)}.${key}`);
      }
    }
    return Object.fromEntries(given);
  }
}

async function registeredBy(args: MqttPlatformArgs) {
  const { resources } = await graphOf(() => new MqttPlatform('mqtt', args));
  return resources.toSorted((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
}

describe('a default that a doc comment tells', () => {
  let tried: readonly { readonly args: MqttPlatformArgs; readonly spelledOut: MqttPlatformArgs }[] = [];
  const spelled = new Set<string>();
  beforeAll(async () => {
    const clients = await Identity.authority('fleet CA');
    tried = platforms(clients.pem).map(({ args, inapplicable }) => {
      const speller = new Speller(inapplicable);
      // Given values, and defaults of the types that the schema is derived from.
      const spelledOut = speller.spell(args, schema) as MqttPlatformArgs;
      for (const argument of speller.spelled) spelled.add(argument);
      return { args, spelledOut };
    });
  });

  it('is tried for every argument that has one', () => {
    const withDefault = Object.entries(schema.$defs).flatMap(([name, { properties }]) =>
      Object.entries(properties).flatMap(([key, property]) =>
        property.default === undefined ? [] : [`${name}.${key}`],
      ),
    );
    expect([...spelled].toSorted()).toEqual(withDefault.toSorted());
    expect(withDefault.length).toBeGreaterThan(40);
  });

  it('makes the same resources when it is spelled out', async () => {
    for (const { args, spelledOut } of tried)
      expect(await registeredBy(spelledOut)).toEqual(await registeredBy(args));
  }, 60_000);
});
