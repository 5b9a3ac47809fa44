import { describe, expect, it } from 'vitest';
import { planLimits } from '../../components/balancers/limits';
import { balancerPorts } from '../../components/balancers/ports';
import { planListeners } from '../../components/listeners/plan';
import { checkPorts } from '../../components/listeners/ports';
import { Problems } from '../../components/rendering/problems';
import { Identity } from '../../proving/identities';

describe('listeners', () => {
  const problemsOf = (args: Parameters<typeof planListeners>[0]) => {
    const problems = new Problems();
    checkPorts(planListeners(args, problems), 'port', balancerPorts, problems);
    return problems.all.map(({ path, reason }) => `${path}: ${reason}`);
  };

  it('take the client id where it is visible, and least connections where it is not', () => {
    const planned = planListeners({ mqtt: {}, wss: {} }, new Problems());
    expect(planned.map(({ name, balancing }) => [name, balancing.method])).toEqual([
      ['mqtt', 'clientId'],
      ['wss', 'leastConnections'],
    ]);
  });

  it.each(['clientId', 'clientIdTable'] as const)(
    'take %s inside a WebSocket where a certificate says the client id',
    async (method) => {
      const { pem: ca } = await Identity.authority('fleet CA');
      const wss = { balancing: { method }, clientCertificates: { verify: 'required', ca } } as const;
      const problemsWith = (identity: 'clientid' | 'username') =>
        problemsOf({ wss: { ...wss, clientCertificates: { ...wss.clientCertificates, identity } } });
      expect(problemsWith('clientid')).toEqual([]);
      expect(problemsWith('username')).toEqual([
        expect.stringMatching(/^listeners\.wss\.balancing\.method: is .* not visible inside a WebSocket/),
      ]);
    },
  );

  it('are as many as their names, each of a kind, the four names of kinds first', () => {
    const planned = planListeners(
      { meters: { kind: 'mqtts', port: 8884 }, wss: {}, cars: { kind: 'wss', port: 443 }, mqtt: {} },
      new Problems(),
    );
    expect(planned.map(({ name, kind, port, brokerPort }) => [name, kind, port, brokerPort])).toEqual([
      ['mqtt', 'mqtt', 1883, 1883],
      ['wss', 'wss', 8084, 8084],
      ['cars', 'wss', 443, 20_843],
      ['meters', 'mqtts', 8884, 8884],
    ]);
    expect(planned.map(({ balancing }) => balancing.method)).toEqual([
      ...['clientId', 'leastConnections', 'leastConnections', 'clientId'],
    ]);
  });

  it('let clients be asked by kinds that are known, each once, and by none only where anyone is let in', () => {
    expect(planListeners({ mqtt: { authentication: ['jwt', 'users'] }, ws: {} }, new Problems())).toEqual([
      expect.objectContaining({ name: 'mqtt', authentication: ['jwt', 'users'] }),
      expect.not.objectContaining({ authentication: expect.anything() as unknown }),
    ]);
    expect(problemsOf({ mqtt: { authentication: [], anonymous: true } })).toEqual([]);
    expect(problemsOf({ mqtt: { authentication: [] } })).toEqual([
      expect.stringMatching(/^listeners\.mqtt\.authentication: is empty, so no client could connect; /),
    ]);
    expect(problemsOf({ mqtt: { authentication: ['users'], anonymous: true } })).toEqual([
      expect.stringMatching(/^listeners\.mqtt\.authentication: is given where anonymous is true/),
    ]);
    // As a configuration in YAML may say.
    const unknown = { mqtt: { authentication: ['users', 'kerberos', 'users'] } };
    expect(problemsOf(unknown as Parameters<typeof planListeners>[0])).toEqual([
      expect.stringMatching(/^listeners\.mqtt\.authentication\[1\]: .*kerberos.*users, jwt, http/),
      expect.stringMatching(/^listeners\.mqtt\.authentication\[2\]: is users, which stands before it/),
    ]);
  });

  it('leave refusals to the broker only where they would judge', () => {
    expect(problemsOf({ mqtt: { refusals: 'broker' }, mqtts: { refusals: 'close' } })).toEqual([]);
    const judges = /refusals: is for mqtt and mqtts that are inspected: .*; leave it out$/;
    expect(problemsOf({ mqtt: { refusals: 'broker', inspect: false }, ws: { refusals: 'broker' } })).toEqual([
      expect.stringMatching(judges),
      expect.stringMatching(judges),
    ]);
    expect(problemsOf({ mqtt: { refusals: 'broker', failedLogins: {} } })).toEqual([
      expect.stringMatching(/^listeners\.mqtt\.refusals: is broker, and failedLogins counts logins/),
    ]);
    const mistyped: object = { mqtt: { refusals: 'brokers' } };
    expect(problemsOf({ ...mistyped })).toEqual([
      'listeners.mqtt.refusals: is "brokers"; close, broker are allowed',
    ]);
  });

  it('remember as many client ids in a table as they take clients', () => {
    const entriesOf = (maxConnections: number) =>
      planListeners({ mqtt: { maxConnections, balancing: { method: 'clientIdTable' } } }, new Problems()).map(
        ({ balancing }) => balancing.method === 'clientIdTable' && balancing.entries,
      );
    expect([10_000, 250_000].map(entriesOf)).toEqual([[100_000], [250_000]]);
  });

  it('of names of their own say what they are', () => {
    expect(problemsOf({ meters: {} })).toEqual([
      'listeners.meters.kind: is missing; mqtt, mqtts, ws, wss are allowed',
      'listeners.meters.port: is missing; give the port on the balancers, 1 to 65535',
    ]);
    expect(problemsOf({ mqtts: { kind: 'mqtt' } })).toEqual([
      'listeners.mqtts.kind: is mqtt on the listener named mqtts; leave it out, or give the listener a name of its own',
    ]);
    expect(problemsOf({ meters: { kind: 'mqtt', port: 1884, path: '/x' } })).toEqual([
      'listeners.meters.path: is for ws and wss; leave it out',
    ]);
  });

  it.each(['Meters', 'emqx_dashboard', 'my_meters', '1st', 'a'.repeat(25), ''])(
    'are not named %j',
    (name) => {
      expect(problemsOf({ [name]: { kind: 'mqtt', port: 1884 } })).toEqual([
        `listeners.${name}: is no name for a listener; 1 to 24 small letters, digits and hyphens are allowed, a letter first`,
      ]);
    },
  );

  it.each(['stats', 'default'])('are not named %s, which is taken', (name) => {
    expect(problemsOf({ [name]: { kind: 'mqtt', port: 1884 } })).toEqual([
      `listeners.${name}: is a name that HAProxy or EMQX has for something else; give another`,
    ]);
  });

  it.each([
    [[], 'is empty; give the ranges'],
    [['0.0.0.0/0'], 'is 0.0.0.0/0, from where anybody could claim any address; /8 at most is allowed'],
    [['10.0.0.0/8', '128.0.0.0/1'], '[1]: is 128.0.0.0/1, from where anybody could claim any address'],
    [['10.0.0.1/24'], 'is "10.0.0.1/24"; an IPv4 range'],
  ])('believe no load balancers of %j', (acceptProxy, expected) => {
    expect(problemsOf({ mqtt: { acceptProxy } })).toEqual([expect.stringContaining(expected)]);
  });

  it('behind a load balancer have as many clients as one broker port carries', () => {
    const problemsWith = (maxConnections: number) =>
      problemsOf({ mqtt: { acceptProxy: ['10.0.1.0/24'], maxConnections } });
    expect(problemsWith(25_000)).toEqual([]);
    expect(problemsWith(25_001)).toEqual([
      expect.stringMatching(/^listeners\.mqtt\.acceptProxy: does not go together with 25001 maxConnections/),
    ]);
  });

  it('are 20 at most', () => {
    const some = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `l${index}`,
          { kind: 'mqtt' as const, port: 2_000 + index },
        ]),
      );
    expect(problemsOf(some(20))).toEqual([]);
    expect(problemsOf(some(21))).toEqual([expect.stringMatching(/^listeners: are 21; 20 are allowed/)]);
  });

  it.each([
    [{}, ['listeners: none is on, so no client could connect; give at least one of mqtt, mqtts, ws, wss']],
    [
      { mqtt: {}, mqtts: { port: 1883 } },
      ['listeners.mqtts.port: is 1883, which listeners.mqtt uses already; give each its own port'],
    ],
    [
      { mqtt: { port: 8888 } },
      ['listeners.mqtt.port: is 8888, which the statistics page uses already; give each its own port'],
    ],
    [
      { ws: { balancing: { method: 'clientId' } } },
      [
        'listeners.ws.balancing.method: is clientId, but a client id is not visible inside a WebSocket; use leastConnections, roundRobin or sourceAddress',
      ],
    ],
    [
      { mqtt: { balancing: { slowStartSeconds: 30 } } },
      [
        'listeners.mqtt.balancing.slowStartSeconds: is for other methods than clientId, whose hash sends clients elsewhere while a weight grows; leave it out, or use clientIdTable, leastConnections or roundRobin',
      ],
    ],
    [
      { mqtt: { port: 22 }, ws: { port: 10000 } },
      [
        'listeners.mqtt.port: is 22, which SSH uses already; give each its own port',
        "listeners.ws.port: is 10000, which the balancers' peers uses already; give each its own port",
      ],
    ],
    [
      { mqtt: { rateLimit: { connectionsPerSource: 9, sparedCidrs: ['10.0.0.0/8', 'home'] } } },
      [
        'listeners.mqtt.rateLimit.sparedCidrs[1]: is "home"; an IPv4 range such as 198.51.100.0/24 without host bits is allowed',
      ],
    ],
    [
      { mqtt: { rateLimit: { connectionsPerSource: 9, sparedCidrs: ['10.0.0.0/8', '0.0.0.0/0'] } } },
      [
        'listeners.mqtt.rateLimit.sparedCidrs[1]: is 0.0.0.0/0, so nobody would have a limit; give the networks of fleets that share an address, or leave rateLimit out',
      ],
    ],
    [
      { mqtt: { maxConnections: 20_000, balancing: { method: 'clientIdTable', entries: 19_999 } } },
      [
        'listeners.mqtt.balancing.entries: is 19999, and maxConnections is 20000: clients that are connected would be forgotten; give 20000 or more',
      ],
    ],
    [
      { mqtt: { anonymous: true, failedLogins: {} } },
      [
        'listeners.mqtt.failedLogins: is given where anonymous is true, so brokers refuse no login; leave one of the two out',
      ],
    ],
    [
      { mqtt: { allowedCidrs: [] } },
      [
        'listeners.mqtt.allowedCidrs: is empty, so no client could connect; give ranges such as 198.51.100.0/24, or leave it out, which lets all connect that reach the virtual IP',
      ],
    ],
    [
      { ws: { failedLogins: {} }, mqtt: { inspect: false, failedLogins: { perSource: 0 } } },
      [
        'listeners.mqtt.failedLogins: needs inspect, since it goes by what is in a CONNECT; leave one of the two out',
        'listeners.mqtt.failedLogins.perSource: is 0; a whole number from 1 to 1000000 refusals is allowed',
        'listeners.ws.failedLogins: is for mqtt and mqtts: inside a WebSocket the balancer sees no login; leave it out, and give rateLimit',
      ],
    ],
    [
      { mqtt: { allowedCidrs: ['10.0.0.1/24'] } },
      [
        'listeners.mqtt.allowedCidrs[0]: is "10.0.0.1/24"; an IPv4 range such as 198.51.100.0/24 without host bits is allowed',
      ],
    ],
    [
      { mqtts: { clientCertificates: { verify: 'optional', ca: 'x', identity: 'username' } } },
      [
        'listeners.mqtts.clientCertificates.identity: is username while verify is optional: a client without a certificate could claim any name; set verify to required',
        'listeners.mqtts.clientCertificates.ca: is not PEM; allowed: one or more blocks of CERTIFICATE (-----BEGIN CERTIFICATE-----) and nothing else',
      ],
    ],
  ] as const)('%j is refused', (args, expected) => {
    expect(problemsOf(structuredClone(args) as Parameters<typeof planListeners>[0])).toEqual(expected);
  });

  it('size connections, descriptors and reserved ports together', () => {
    const listeners = planListeners(
      { mqtt: { maxConnections: 1000 }, mqtts: { maxConnections: 3000 } },
      new Problems(),
    );
    expect(planLimits(listeners)).toMatchObject({
      maxConnections: 5000,
      fileDescriptors: 12_000,
      reservedPorts: [1883, 8083, 8084, 8883, 8888, 10000],
    });
  });
});
