import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { checkAccess } from '../../verify/accessChecks';
import { credentials } from '../../verify/credentials';
import { connectOnce, settled } from '../../verify/mqttClients';
import type { Outputs } from '../../verify/outputs';
import { allowedTopic, forbiddenTopic, permits } from '../../verify/permissions';

type Access = Outputs['access'];

function access(
  rules: Partial<Access['authorization']['rules'][number]>[],
  changes: Partial<Access> = {},
): Access {
  return {
    listeners: { mqtt: 'chain' },
    asks: { mqtt: ['users'] },
    userIdType: 'username',
    superusers: [],
    authorization: {
      rules: rules.map((rule) => ({ permission: 'allow', who: {}, action: 'all', topics: [], ...rule })),
      noMatch: 'deny',
      denyAction: 'ignore',
    },
    ...changes,
  };
}

describe('what a client may do by the rules', () => {
  const app = { username: 'app' };

  test.each([
    ['a/b/c', ['a/#'], true],
    ['a', ['a/#'], true],
    ['b/c', ['a/#'], false],
    ['a/x/c', ['a/+/c'], true],
    ['a/x/y/c', ['a/+/c'], false],
    ['app/x', ['${username}/#'], true],
    ['$SYS/x', ['#'], false],
    ['a/b', ['eq a/+'], false],
  ])('%s under %s: %s', (topic, topics, expected) => {
    expect(permits(access([{ topics }]), app, 'publish', topic)).toBe(expected);
  });

  test('the first rule that is for the client and the action decides', () => {
    const rules = access([
      { permission: 'deny', who: { user: 'other' }, topics: ['#'] },
      { permission: 'deny', action: 'subscribe', topics: ['a'] },
      { topics: ['a'] },
    ]);
    expect(permits(rules, app, 'publish', 'a')).toBe(true);
    expect(permits(rules, app, 'subscribe', 'a')).toBe(false);
  });

  test('rules for anonymous clients are for them alone, and others are not', () => {
    const rules = access([{ who: { anonymous: true }, topics: ['public/#'] }, { topics: ['#'] }]);
    const nobody = { username: undefined };
    expect(permits(rules, nobody, 'publish', 'public/a')).toBe(true);
    expect(permits(rules, nobody, 'publish', 'a')).toBe(false);
    const open = { ...rules, authorization: { ...rules.authorization, noMatch: 'allow' as const } };
    expect(permits(open, nobody, 'publish', 'a')).toBe(false);
  });

  test('a superuser may do everything', () => {
    expect(permits(access([], { superusers: ['app'] }), app, 'publish', '$SYS/a')).toBe(true);
  });

  test('what hangs on an address is not guessed', () => {
    const rules = access([{ who: { cidrs: ['10.0.0.0/8'] }, topics: ['a'] }]);
    expect(permits(rules, app, 'publish', 'a')).toBeUndefined();
  });

  test('a topic within the rules is found, and one outside', () => {
    const rules = access([
      { permission: 'deny', topics: ['${username}/secret/#'] },
      { topics: ['${username}/#'] },
    ]);
    expect(allowedTopic(rules, app, 'x/1')).toBe('app/x/1');
    expect(forbiddenTopic(rules, app, 'x')).toBe('emqx-haproxy/forbidden/x');
    expect(forbiddenTopic(access([{ topics: ['#'] }]), app, 'x')).toBe('$emqx-haproxy/x');
    expect(allowedTopic(access([{ action: 'publish', topics: ['a'] }]), app, 'x')).toBeUndefined();
  });
});

describe('how a client of a listener says who it is', () => {
  const given = (listener: Access['listeners'][string], users: Outputs['users']) =>
    // The rest of the outputs has no part in it.
    credentials(
      'mqtt',
      { access: access([], { listeners: { mqtt: listener } }), users } as Outputs,
      undefined,
    );

  test('a user of the outputs where the chain is asked', () => {
    expect(given('chain', [{ username: 'app', password: 'p' }])).toEqual({
      username: 'app',
      password: 'p',
      provenName: 'app',
    });
    expect(given('chain', []).unknown).toContain('names nobody');
  });

  test('nobody where the listener does not ask the users', () => {
    const asks = access([], { asks: { mqtt: ['jwt', 'http'] } });
    const users = [{ username: 'app', password: 'p' }];
    expect(credentials('mqtt', { access: asks, users } as Outputs, undefined)).toEqual({
      unknown: expect.stringContaining('asks by jwt, http') as unknown,
    });
  });

  test('nothing where nobody asks, a certificate where that is the name', () => {
    expect(given('anonymous', [{ username: 'app', password: 'p' }])).toEqual({});
    expect(given('certificate', []).unknown).toContain('--client-cert');
  });
});

describe('a broker that', () => {
  let broker: FakeBroker | undefined;
  afterEach(() => broker?.stop());
  const rules = access([{ topics: ['app/#'] }]);
  const user = { username: 'app', password: 'right' };

  async function verdicts(behaviour: Behaviour) {
    broker = await FakeBroker.start(behaviour);
    const dial = { url: broker.url, ca: '', username: 'app', password: 'right', provenName: 'app' };
    return Promise.all(checkAccess({ mqtt: dial }, { access: rules, users: [user] }));
  }

  test('turns strangers away and denies what no rule allows passes', async () => {
    const results = await verdicts({
      admits: (name, password) => name === 'app' && password === 'right',
      code: 135,
    });
    expect(results.map(({ verdict, detail }) => [verdict, detail])).toEqual([
      ['pass', 'CONNACK: without a name 5, with an unknown name 5, with a wrong password 5'],
      ['pass', 'CONNACK: without a name 135, with an unknown name 135, with a wrong password 135'],
      [
        'pass',
        expect.stringMatching(
          /^emqx-haproxy\/forbidden\/\w+-mqtt: publish denied \(135\), subscribe denied \(135\)$/,
        ),
      ],
    ]);
  });

  test.each<[string, Behaviour['admits'], RegExp]>([
    [
      'a client without a name',
      (name, password) => name === undefined || password === 'right',
      /without a name .*let in/,
    ],
    [
      'a client with an unknown name',
      (name, password) => name !== undefined && (name !== 'app' || password === 'right'),
      /unknown name .*let in/,
    ],
    ['a client with a wrong password', (name) => name === 'app', /wrong password .*let in/],
  ])('lets %s in fails', async (_, admits, message) => {
    const [result] = await verdicts({ admits, code: 135 });
    expect(result?.verdict).toBe('fail');
    expect(result?.detail).toMatch(message);
  });

  test('lets a client do what no rule allows fails', async () => {
    const results = await verdicts({
      admits: (name, password) => name === 'app' && password === 'right',
      code: 0,
    });
    expect(results[2]?.verdict).toBe('fail');
    expect(results[2]?.detail).toMatch(/publish allowed/);
  });

  test.each<[string, string[], Behaviour['admits'], string, RegExp]>([
    ['turns them away passes', ['jwt'], () => false, 'pass', /app: CONNACK 135, asked by jwt/],
    ['lets them in fails', ['jwt'], (name) => name === 'app', 'fail', /app to be refused, who has no token/],
    // A server may know the same name with the same password.
    ['lets them in where a server is asked warns', ['http'], (name) => name === 'app', 'warn', /\(http\)/],
  ])('does not ask users and %s', async (_, asked, admits, verdict, message) => {
    broker = await FakeBroker.start({ admits, code: 135 });
    const asks = { ...rules, asks: { mqtt: asked } };
    const dial = { url: broker.url, ca: '', unknown: 'nobody is known here' };
    const results = await Promise.all(checkAccess({ mqtt: dial }, { access: asks, users: [user] }));
    const result = results.find(({ name }) => name === 'mqtt: users of other listeners are turned away');
    expect(result?.verdict).toBe(verdict);
    expect(result?.detail).toMatch(message);
  });

  test('closes the connection instead of answering is not waited for', async () => {
    broker = await FakeBroker.start({ admits: () => true, code: 'close' });
    const client = await connectOnce({ url: broker.url, ca: '' }, 5, 'c');
    await expect(settled(client, client.publishAsync('a', 'b', { qos: 1 }), 10_000)).rejects.toThrow(
      'closed',
    );
    await client.endAsync(true);
  });
});

interface Behaviour {
  readonly admits: (username: string | undefined, password: string | undefined) => boolean;
  /** The reason code of every PUBACK and SUBACK, or a closed connection. */
  readonly code: number | 'close';
}

/** As much of a broker as a check asks of one. */
class FakeBroker {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(behaviour: Behaviour): Promise<FakeBroker> {
    const server = createServer((socket) => {
      made.sockets.add(socket);
      let version = 4;
      socket.on('error', () => undefined);
      socket.on('data', (packet: Buffer) => {
        if (packet[0] === 0x10) version = packet[8] ?? 4;
        const answer = answerTo(packet, version, behaviour);
        if (answer === undefined) socket.destroy();
        else socket.write(Buffer.from(answer));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const made = new FakeBroker(server, `mqtt://127.0.0.1:${port}`);
    return made;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

function answerTo(packet: Buffer, version: number, { admits, code }: Behaviour): number[] | undefined {
  const five = version === 5;
  const type = (packet[0] ?? 0) >> 4;
  if (type === 1) {
    const { username, password } = named(packet, five);
    const refusal = five ? 135 : 5;
    const result = admits(username, password) ? 0 : refusal;
    return five ? [0x20, 3, 0, result, 0] : [0x20, 2, 0, result];
  }
  if (type !== 3 && type !== 8) return [];
  if (code === 'close') return undefined;
  const topicLength = packet.readUInt16BE(2);
  const id = type === 3 ? packet.subarray(4 + topicLength, 6 + topicLength) : packet.subarray(2, 4);
  return type === 3 ? [0x40, 4, ...id, code, 0] : [0x90, 4, ...id, 0, code];
}

/** User name and password of a CONNECT whose lengths fit into a byte. */
function named(packet: Buffer, five: boolean): { username?: string; password?: string } {
  const flags = packet[9] ?? 0;
  let at = five ? 13 + (packet[12] ?? 0) : 12;
  const next = () => {
    const length = packet.readUInt16BE(at);
    at += 2 + length;
    return packet.toString('utf8', at - length, at);
  };
  next();
  return {
    ...((flags & 0x80) === 0 ? {} : { username: next() }),
    ...((flags & 0x40) === 0 ? {} : { password: next() }),
  };
}
