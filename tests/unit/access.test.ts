import { describe, expect, it } from 'vitest';
import { namesNobody, promisedAccess } from '../../components/brokers/access';
import type { AuthenticatorArgs, PlannedAuthentication } from '../../components/brokers/authentication';
import { settingsOf } from '../../components/brokers/authentication';
import { chainSecrets } from '../../components/brokers/authenticators/secrets';
import { brokerListeners } from '../../components/brokers/brokerListeners';
import { accessOf } from '../../components/brokers/chains';
import type { AuthorizationArgs } from '../../components/brokers/authorization';
import type { AuthenticationKind, Listener, ListenerKind } from '../../components/listeners/listener';
import { certificate, listener } from '../../proving/views';
import { allowAll, named, plan, refused } from './accessPlan';

const namesOf = (authentication: PlannedAuthentication, listener?: string) =>
  settingsOf(
    authentication,
    (listener === undefined ? undefined : authentication.chains.own[listener]) ??
      authentication.chains.common,
  ).map(({ backend, mechanism }) => backend ?? mechanism);
const backends = (authenticators: AuthenticatorArgs[]) =>
  namesOf(plan(authenticators, { rules: [] }).authentication);

describe('the chain of authenticators', () => {
  it('is never empty, since an empty one lets everybody in', () => {
    expect(backends([])).toEqual(['built_in_database']);
    expect(backends([{ jwt: { secret: 's' } }])).toEqual(['jwt', 'built_in_database']);
  });

  it('keeps the order of the arguments, the built-in database at its place', () => {
    expect(
      backends([{ users: { a: { isSuperuser: true } } }, { http: { url: 'https://auth.example.com' } }]),
    ).toEqual(['built_in_database', 'http']);
  });

  it('holds no secret: they are told apart, by their place', () => {
    const authenticators: AuthenticatorArgs[] = [
      { jwt: { secret: 'hmac', verifyClaims: { sub: '${username}' } } },
      { clientCertificate: true },
      { http: { url: 'https://auth.example.com', headers: { Authorization: 'Bearer b' } } },
      {
        postgresql: { server: 'db.example.com', database: 'd', username: 'emqx', password: 'pg' },
        clientCertificate: false,
      },
      { users: { a: { password: 'eight-or-more' } } },
    ];
    const { authentication } = plan(authenticators, { rules: [] });
    expect(namesOf(authentication)).toEqual(['jwt', 'http', 'postgresql', 'built_in_database']);
    expect(JSON.stringify(authentication)).not.toMatch(/hmac"|Bearer|"pg"|eight-or-more/);
    expect(chainSecrets(authenticators, authentication.chains, [])).toEqual([
      { path: ['authentication', '1', 'secret'], value: 'hmac' },
      { path: ['authentication', '2', 'headers', 'authorization'], value: 'Bearer b' },
      { path: ['authentication', '3', 'password'], value: 'pg' },
    ]);
  });

  it('says which ports brokers must reach', () => {
    const servers: AuthenticatorArgs[] = [
      { redis: { servers: ['10.0.0.7', '10.0.0.8:7000'], type: 'cluster', cidrs: ['10.0.0.0/24'] } },
      { ldap: { server: 'ldap.example.com', username: 'cn=a', password: 'p', baseDn: 'ou=d', tls: {} } },
    ];
    expect(plan(servers, { rules: [] }).authentication.reaches).toEqual([
      { port: 6379, cidrs: ['10.0.0.0/24'] },
      { port: 7000, cidrs: ['10.0.0.0/24'] },
      { port: 636, cidrs: ['0.0.0.0/0'] },
    ]);
  });

  it.each<[string, AuthenticatorArgs[], RegExp]>([
    ['none of its keys', [{}], /authentication\[0\] has none of users, jwt/],
    ['two of its keys', [{ users: {}, jwt: { secret: 's' } }], /has users and jwt of/],
    [
      'a kind twice',
      [{ users: {} }, { users: {} }],
      /authentication\[1\]\.users is given in .*\[0\] already/,
    ],
    [
      'userIdType for another kind',
      [{ jwt: { secret: 's' }, userIdType: 'clientid' }],
      /userIdType is for users/,
    ],
    ['a user whose name is a wildcard', [{ users: { '+': {} } }], /users has the name "\+"/],
    ['a user whose name has a level of a topic', [{ users: { 'a/b': {} } }], /users has the name "a\/b"/],
    [
      'a short password',
      [{ users: { a: { password: 'secret' } } }],
      /users\.a\.password has .* fewer than 8/,
    ],
    ['a JWT without a key', [{ jwt: {} }], /jwt has none of secret, publicKey and jwksUrl/],
    ['a JWT with a private key', [{ jwt: { publicKey: 'PRIVATE' } }], /publicKey is no PEM public key/],
    [
      'a claim that EMQX checks itself',
      [{ jwt: { secret: 's', verifyClaims: { exp: '1' } } }],
      /"exp", which EMQX/,
    ],
    ['a URL with a password', [{ http: { url: 'https://a:b@c' } }], /http\.url is "https:\/\/a:b@c"/],
    [
      'a query without the hash',
      [{ mysql: { server: 'm', database: 'd', username: 'u', query: 'DELETE FROM t' } }],
      /mysql\.query is "DELETE FROM t"/,
    ],
    [
      'a search that is the same for every client',
      [{ ldap: { server: 'l', username: 'u', password: 'p', baseDn: 'ou=d', filter: '(a=b)' } }],
      /ldap\.filter names neither/,
    ],
    [
      'a sentinel without a master',
      [{ redis: { servers: ['r'], type: 'sentinel' } }],
      /sentinel is for type sentinel/,
    ],
    ['a server that is no address', [{ redis: { servers: ['a b'] } }], /servers\[0\] is "a b"/],
  ])('refuses %s', (_, authenticators, message) => {
    expect(refused(authenticators, { rules: [] })).toMatch(message);
  });
});

describe('how a listener finds out who a client is', () => {
  const { authentication } = plan([{ clientCertificate: true }], allowAll, [
    listener('mqtts', named('username')),
  ]);

  it.each<[string, Listener, string]>([
    ['asks the chain', listener('mqtt'), 'chain'],
    ['takes the certificate where it names the client', listener('mqtts', named('username')), 'certificate'],
    ['asks nobody where anonymous is set', listener('mqtt', { anonymous: true }), 'anonymous'],
    [
      'asks the chain where a certificate is demanded and names nobody',
      listener('mqtts', { clientCertificates: { verify: 'required', ca: certificate, identity: 'none' } }),
      'chain',
    ],
  ])('%s', (_, one, expected) => {
    expect(accessOf(one, authentication.kinds)).toBe(expected);
  });

  it.each<[string, AuthenticatorArgs[], Listener, boolean]>([
    ['nobody', [], listener('mqtts'), true],
    ['nobody, in a list of users', [{ users: {} }], listener('mqtts'), true],
    ['a user', [{ users: { a: {} } }], listener('mqtts'), false],
    ['whoever has a token', [{ jwt: { secret: 's' } }], listener('mqtts'), false],
    ['whoever has a certificate', [{ clientCertificate: true }], listener('mqtts', named('username')), false],
    ['everybody', [], listener('mqtt', { anonymous: true }), false],
  ])('is told to let %s in', (_, authenticators, one, expected) => {
    const { authentication: planned, rules } = plan(authenticators, { rules: [] }, [one]);
    const promised = promisedAccess([one], { authentication: planned, authorization: rules });
    expect(namesNobody(planned, promised)).toBe(expected);
  });

  it('asks the chain for the password of a certificate where clientCertificate is not given', () => {
    const { authentication: passwords } = plan([{ users: {} }]);
    expect(accessOf(listener('mqtts', named('username')), passwords.kinds)).toBe('chain');
  });
});

describe('listeners that ask by some of what is given', () => {
  const given: AuthenticatorArgs[] = [
    { users: { a: { isSuperuser: true } } },
    { jwt: { secret: 'hmac', verifyClaims: { sub: '${username}' } } },
    { http: { url: 'https://auth.example.com', headers: { Authorization: 'Bearer b' } } },
    { clientCertificate: true },
  ];
  const asking = (kind: ListenerKind, ...authentication: AuthenticationKind[]) =>
    listener(kind, { authentication });
  const listeners = [
    asking('mqtt', 'users'),
    listener('mqtts', { ...named('username'), authentication: ['clientCertificate'] }),
    asking('ws', 'http', 'jwt'),
    listener('wss', { ...named('username'), authentication: ['users'] }),
  ];

  it('have the brokers ask the list with users, and others by a chain of their own, in their order', () => {
    const { authentication, told } = plan(given, { rules: [] }, listeners);
    expect(told).toEqual([]);
    expect(namesOf(authentication)).toEqual(['built_in_database']);
    expect(Object.keys(authentication.chains.own)).toEqual(['ws']);
    expect(namesOf(authentication, 'ws')).toEqual(['http', 'jwt', 'built_in_database']);
  });

  it('have a chain of their own where they differ from the brokers by the users alone', () => {
    // With the database behind it, in which its own group of users is empty, it reads the same.
    const both = [asking('mqtt', 'jwt', 'users'), asking('mqtts', 'jwt')];
    const { authentication } = plan([...given.slice(1, 2), ...given.slice(0, 1)], { rules: [] }, both);
    expect(Object.keys(authentication.chains.own)).toEqual(['mqtts']);
    expect(namesOf(authentication, 'mqtts')).toEqual(namesOf(authentication));
  });

  it('promise by what they ask', () => {
    const { authentication, rules } = plan(given, { rules: [] }, listeners);
    expect(promisedAccess(listeners, { authentication, authorization: rules })).toMatchObject({
      listeners: { mqtt: 'chain', mqtts: 'certificate', ws: 'chain', wss: 'chain' },
      asks: { mqtt: ['users'], mqtts: ['clientCertificate'], ws: ['http', 'jwt'], wss: ['users'] },
    });
  });

  it('have their secrets beside the brokers, for each of their ports', () => {
    const one = listener('ws', {
      authentication: ['http', 'jwt'],
      furtherBrokerPorts: { first: 20_201, count: 1 },
    });
    const { authentication } = plan(given, { rules: [] }, [asking('mqtt', 'users'), one]);
    const secrets = chainSecrets(given, authentication.chains, brokerListeners([one], 'offered'));
    expect(secrets.map(({ path }) => path.join('.'))).toEqual(
      ['ws.ws', 'ws.ws_2', 'wss.ws', 'wss.ws_2'].flatMap((name) => [
        `listeners.${name}.authentication.1.headers.authorization`,
        `listeners.${name}.authentication.2.secret`,
      ]),
    );
  });

  const users = given.slice(0, 1);
  const usersAndTokens = given.slice(0, 2);
  it.each<[string, Parameters<typeof plan>, RegExp]>([
    [
      'a kind that is not given',
      [users, { rules: [] }, [asking('mqtt', 'users', 'ldap')]],
      /listeners\.mqtt\.authentication\[1\] is ldap, and emqx\.authentication has users only/,
    ],
    [
      'any kind where none is given',
      [[], { rules: [] }, [asking('mqtt', 'users')]],
      /authentication\[0\] is users, and emqx\.authentication has nothing/,
    ],
    [
      'certificates on a listener that takes no name from them',
      [given, { rules: [] }, [asking('mqtts', 'clientCertificate')]],
      /listeners\.mqtts\.authentication\[0\] is clientCertificate, and this listener takes no name/,
    ],
    [
      'a kind beside a certificate that is enough',
      [
        given,
        { rules: [] },
        [listener('mqtts', { ...named('username'), authentication: ['clientCertificate', 'users'] })],
      ],
      /listeners\.mqtts\.authentication\[1\] is users, by which nobody would be asked/,
    ],
    [
      'users in two lists',
      [usersAndTokens, { rules: [] }, [asking('mqtt', 'users'), asking('ws', 'jwt', 'users')]],
      /listeners\.ws\.authentication asks by jwt, users, and listeners\.mqtt by users: EMQX's database/,
    ],
    [
      'users in a list beside a listener that asks by all',
      [usersAndTokens, { rules: [] }, [asking('mqtt', 'users'), listener('ws')]],
      /listeners\.mqtt\.authentication asks by users, and listeners\.ws by users, jwt/,
    ],
    [
      'what no listener asks by',
      [usersAndTokens, { rules: [] }, [asking('mqtt', 'users')]],
      /emqx\.authentication has jwt, and no listener asks by it/,
    ],
  ])('refuse %s', (_, given_, message) => {
    expect(refused(...given_)).toMatch(message);
  });
});

describe('listeners, authenticators and rules that do not fit each other', () => {
  const anonymousRule: AuthorizationArgs = {
    rules: [{ permission: 'allow', who: { anonymous: true }, topics: ['public/#'] }],
  };

  it.each<[string, Parameters<typeof plan>, RegExp]>([
    ['users that could do nothing', [[{ users: { a: {} } }]], /authorization\.rules is missing/],
    [
      'a rule by user name where a token lets its holder choose one',
      [[{ jwt: { secret: 's' } }], allowAll],
      /authentication\[0\]\.jwt lets a client choose its user name, and .*rules\[0\]/,
    ],
    [
      'a rule by user name where users are found by client id',
      [
        [{ users: { a: {} }, userIdType: 'clientid' }],
        { rules: [{ permission: 'allow', who: { user: 'a' }, topics: ['#'] }] },
      ],
      /set userIdType to username/,
    ],
    [
      'certificates that name nobody',
      [[{ clientCertificate: true }]],
      /no listener takes a name from certificates/,
    ],
    [
      'a rule by user name where certificates name client ids',
      [[{ clientCertificate: true }], allowAll, [listener('mqtts', named('clientid'))]],
      /identity is clientid, so a client may choose its user name/,
    ],
    [
      'an anonymous listener that names clients by certificate',
      [[], anonymousRule, [listener('mqtts', { ...named('username'), anonymous: true })]],
      /mqtts\.anonymous is true where clientCertificates\.identity/,
    ],
    [
      'a rule for anonymous clients that cannot be',
      [[], anonymousRule],
      /no listener lets anonymous clients in/,
    ],
    [
      'anonymous clients that could do nothing',
      [[], { rules: [] }, [listener('mqtt', { anonymous: true })]],
      /listeners\.mqtt\.anonymous is true, and no rule is for/,
    ],
  ])('refuses %s', (_, given, message) => {
    expect(refused(...given)).toMatch(message);
  });

  it.each<[string, Parameters<typeof plan>]>([
    ['nobody at all', [[]]],
    ['users with rules', [[{ users: { a: {} } }], allowAll]],
    ['superusers without rules', [[{ users: { a: { isSuperuser: true } } }]]],
    [
      'a token that names its user',
      [[{ jwt: { secret: 's', verifyClaims: { sub: '${username}' } } }], allowAll],
    ],
    [
      'certificates that name users',
      [[{ clientCertificate: true }], allowAll, [listener('mqtts', named('username'))]],
    ],
    ['anonymous clients with a rule', [[], anonymousRule, [listener('mqtt', { anonymous: true })]]],
  ])('takes %s', (_, given) => {
    expect(plan(...given).told).toEqual([]);
  });
});
