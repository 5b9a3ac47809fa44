import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { planAuthentication } from '../../components/brokers/authentication';
import { planAuthorization } from '../../components/brokers/authorization';
import { brokerFiles } from '../../components/brokers/files';
import { brokerSecrets } from '../../components/brokers/secrets';
import type { BrokerView } from '../../components/brokers/view';
import { Problems } from '../../components/rendering/problems';
import { brokerView, certificate, listener } from '../../proving/views';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, isSecret, valueOf } from './resourceGraph';

const authentication = planAuthentication(
  [{ users: { app: {} } }, { clientCertificate: true }],
  [],
  'emqx.authentication',
  new Problems(),
);
const authorization = planAuthorization(
  { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
  'emqx.authorization',
  new Problems(),
);

function fileOf(path: string, changes: Partial<BrokerView> = {}) {
  const found = brokerFiles(brokerView({ authentication, authorization, ...changes })).find(
    (file) => file.path === path,
  );
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
}
const emqxConf = (changes: Partial<BrokerView>) => fileOf('/etc/emqx/emqx.conf', changes).content;

describe("a broker's files", () => {
  it('make EMQX ask the chain on a listener, unless its clients are named by certificates or by nobody', () => {
    const mutual = { verify: 'required', ca: certificate, identity: 'username' } as const;
    const conf = emqxConf({
      listeners: [
        listener('mqtt', { anonymous: true }),
        listener('mqtts', { clientCertificates: mutual }),
        listener('ws'),
      ],
    });
    const blocks = Object.fromEntries(
      [...conf.matchAll(/^listeners\.\w+\.(\w+) \{\n([^}]*)\}/gm)].map(([, name = '', block]) => [
        name,
        block,
      ]),
    );
    expect(blocks['mqtt']).toMatch(/enable_authn = false\n +zone = anonymous\n/);
    expect(blocks['mqtts']).toContain('enable_authn = false');
    expect(blocks['mqtts']).not.toContain('zone');
    expect(blocks['ws']).not.toMatch(/enable_authn|zone/);
    expect(conf).toContain('clientid_override = "concat([\'anonymous-\', clientid])"');
  });

  it('have no zone where nobody is anonymous', () => {
    expect(emqxConf({})).not.toContain('zones.');
  });

  it('keep EMQX from starting without the file that says who may connect', () => {
    expect(emqxConf({})).toContain('include required("/etc/emqx-haproxy/emqx/access.hocon")');
    expect(emqxConf({})).toContain('include required("/etc/emqx-haproxy/secrets/node.hocon")');
  });

  it('change without a restart of EMQX where only access changes', () => {
    for (const path of ['/etc/emqx-haproxy/emqx/access.hocon', '/etc/emqx-haproxy/emqx/acl.conf'])
      expect(fileOf(path)).toMatchObject({
        change: { kind: 'reload', unit: 'emqx' },
        owner: 'root:emqx',
        mode: '0640',
      });
    const kinds = brokerSecrets('arn', false).map(({ file, change }) => [
      file.split('/').at(-1),
      change.kind,
    ]);
    expect(Object.fromEntries(kinds)).toEqual({
      'node.hocon': 'restart',
      'access.hocon': 'reload',
      'api-keys': 'reload',
      'users.json': 'reload',
    });
  });

  it('say what must be read back from EMQX', () => {
    expect(JSON.parse(fileOf('/etc/emqx-haproxy/access.json').content)).toEqual({
      authentication: ['password_based:built_in_database'],
      noMatch: 'deny',
    });
  });

  it('give a listener that asks by others than the brokers a chain of its own, at each of its ports', () => {
    const listeners = [
      listener('mqtt', { authentication: ['users'] }),
      listener('ws', { authentication: ['jwt'], furtherBrokerPorts: { first: 20_201, count: 1 } }),
    ];
    const asked = planAuthentication(
      [{ users: { app: {} } }, { jwt: { secret: 's' } }],
      listeners,
      'emqx.authentication',
      new Problems(),
    );
    const { content } = fileOf('/etc/emqx-haproxy/emqx/access.hocon', { listeners, authentication: asked });
    const [brokers = '', own = ''] = content.split(/^listeners /m);
    expect(brokers).toContain('built_in_database');
    expect(brokers).not.toContain('jwt');
    for (const name of ['ws', 'ws_2'])
      // Its database is empty, and keeps a chain whose token cannot be judged from opening.
      expect(own).toMatch(
        new RegExp(`  ${name} \\{\\s+authentication = \\[[^\\]]*"jwt"[^\\]]*"built_in_database"`),
      );
    expect(own).not.toMatch(/mqtt \{/);
  });

  it('are judged by EMQX before they are in force', () => {
    expect(fileOf('/etc/emqx-haproxy/apply.json').content).toContain('check_config');
  });
});

describe("a cluster's users", () => {
  let graph: ResourceGraph;
  let platform: MqttPlatform;
  beforeAll(async () => {
    graph = await graphOf(() => {
      platform = new MqttPlatform('mqtt', {
        ssh: { allowedCidrs: ['203.0.113.0/24'] },
        listeners: { mqtts: {} },
        emqx: {
          authentication: [
            { users: { app: {}, admin: { password: 'a-given-password', isSuperuser: true } } },
            {
              postgresql: {
                server: 'db.example.com:6432',
                database: 'd',
                username: 'u',
                password: 'pg-password',
              },
            },
          ],
          authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
        },
      });
    });
  });

  it('are an output with their passwords, which is secret', async () => {
    expect(await isSecret(platform.cluster.users)).toBe(true);
    const [app, admin] = await valueOf(platform.cluster.users);
    expect(app?.password).not.toBe('');
    expect(admin).toEqual({ username: 'admin', password: 'a-given-password', isSuperuser: true });
  });

  it('reach the hosts by Secrets Manager only', () => {
    const secret = graph.one(
      'aws:secretsmanager/secretVersion:SecretVersion',
      'mqtt-brokers-secrets-version',
    );
    expect(secret.secretInputs).toContain('secretString');
    const fields = JSON.parse(String(secret.inputs['secretString'])) as Record<string, string>;
    expect(fields['users']).toContain('a-given-password');
    expect(fields['access']).toContain('pg-password');
    for (const { inputs, name } of graph.resources)
      if (name !== 'mqtt-brokers-secrets-version')
        expect(JSON.stringify(inputs), name).not.toMatch(/a-given-password|pg-password/);
  });

  it('may be in a database that the brokers can reach', () => {
    const rules = graph.resources.filter(({ name }) => name.startsWith('mqtt-brokers-6432-to-'));
    expect(rules.map(({ inputs }) => inputs['cidrIpv4'])).toEqual(['0.0.0.0/0']);
  });

  it('tell verify what is promised', () => {
    expect(platform.cluster.access).toMatchObject({ listeners: { mqtts: 'chain' }, superusers: ['admin'] });
  });
});
