import * as pulumi from '@pulumi/pulumi';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import { brokerFiles } from '../../components/brokers/files';
import { planSettings } from '../../components/brokers/settings/plan';
import { Problems } from '../../components/rendering/problems';
import { brokerView } from '../../proving/views';
import { drifted } from '../../verify/driftCheck';
import type { ResourceGraph } from './resourceGraph';
import { graphOf } from './resourceGraph';

const fields = z.object({ access: z.string() });

type Settings = Readonly<Record<string, unknown>>;

function planned(settings: Settings, version = '5.8.9') {
  const problems = new Problems();
  const plan = planSettings(settings, version, 'emqx.settings', problems);
  return { plan, told: problems.all.map(({ path, reason }) => `${path} ${reason}`) };
}

function fileOf(path: string, settings: Settings) {
  const found = brokerFiles(brokerView({ settings: planned(settings).plan })).find(
    (file) => file.path === path,
  );
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
}

describe('settings of EMQX', () => {
  it('are taken in every form that EMQX has for them', () => {
    const settings: Settings = {
      mqtt: {
        max_packet_size: '2MB',
        idle_timeout: 'infinity',
        retry_interval: '1m30s',
        keepalive_multiplier: 1.5,
        max_inflight: '16',
        strict_mode: 'true',
        mqueue_priorities: { 'a/b': 5 },
        client_attrs_init: [{ expression: 'username', set_as_attr: 'name' }],
      },
      log: { file: { level: 'info', audit_copy: { path: '/var/log/emqx/a.log' } } },
      sysmon: { os: { cpu_high_watermark: '90%' } },
      connectors: { http: { hook: { url: 'https://example.com' } } },
      rewrite: [{ action: 'all' }],
      authorization: { cache: { ttl: 30000 } },
      node: { process_limit: 4_000_000 },
    };
    expect(planned(settings).told).toEqual([]);
  });

  it.each<[string, Settings, string]>([
    ['an unknown root', { mqqt: {} }, 'emqx.settings.mqqt is no setting of EMQX 5.8; did you mean mqtt?'],
    [
      'an unknown key',
      { mqtt: { max_packetsize: '2MB' } },
      'emqx.settings.mqtt.max_packetsize is no setting of EMQX 5.8; did you mean max_packet_size?',
    ],
    [
      'an unknown key in a list',
      { mqtt: { client_attrs_init: [{ expresion: 'username' }] } },
      'emqx.settings.mqtt.client_attrs_init[0].expresion is no setting of EMQX 5.8; did you mean expression?',
    ],
    [
      'a dotted key',
      { 'mqtt.max_inflight': 5 },
      'emqx.settings["mqtt.max_inflight"] has a dot in its name; give an object for each part, such as {mqtt: {max_inflight: 16}}',
    ],
    [
      'a value out of its range',
      { mqtt: { max_inflight: 70_000 } },
      'emqx.settings.mqtt.max_inflight is 70000; a whole number from 1 to 65535 is allowed',
    ],
    [
      'a word that is none of those allowed',
      { log: { console: { level: 'loud' } } },
      'emqx.settings.log.console.level is "loud"; debug, info, notice, warning, error, critical, alert, emergency, all are allowed',
    ],
    [
      'a duration without a unit that is known',
      { mqtt: { idle_timeout: '15 sec' } },
      'emqx.settings.mqtt.idle_timeout is "15 sec"; infinity, a duration such as 30s or 1m30s are allowed',
    ],
    ['a root that is no object', { mqtt: 5 }, 'emqx.settings.mqtt is 5; an object is allowed'],
    [
      'a listener',
      { listeners: { tcp: {} } },
      'emqx.settings.listeners is set by this package: give `listeners`',
    ],
    [
      'the cookie',
      { node: { cookie: 'x' } },
      'emqx.settings.node.cookie is set by this package: give `emqx.cookie`',
    ],
    [
      'sources of rules',
      { authorization: { sources: [] } },
      'emqx.settings.authorization.sources is set by this package: give `emqx.authorization.rules`',
    ],
    [
      'TLS between brokers, which would part a running cluster',
      { cluster: { proto_dist: 'inet_tls' } },
      'emqx.settings.cluster.proto_dist is set by this package: brokers reach each other without TLS, on ports that only they may use',
    ],
    [
      'a value known later that brokers restart for',
      { node: { process_limit: pulumi.output(5) } },
      'emqx.settings.node.process_limit is known later or named like a secret; a change of it restarts the brokers, so give a plain value',
    ],
  ])('are refused for %s', (_, settings, problem) => {
    expect(planned(settings).told).toContain(problem);
  });

  it('are judged by EMQX itself where the release has others, but for what is the package’s own', () => {
    const { told } = planned({ mqtt: { new_key: 1 }, licences: {}, listeners: {} }, '5.10.3');
    expect(told).toEqual(['emqx.settings.listeners is set by this package: give `listeners`']);
  });

  it('are told with everything else that is wrong with the arguments', () => {
    const problems = checkMqttPlatformArgs('mqtt', {
      ssh: { allowedCidrs: ['198.51.100.7/32'] },
      emqx: { brokers: 0, settings: { mqtt: { max_inflight: 0 } } },
    });
    expect(problems.map(({ path }) => path)).toEqual(['emqx.brokers', 'emqx.settings.mqtt.max_inflight']);
  });

  it('reach EMQX while it runs, but for those that it reads at a start', () => {
    const settings = { mqtt: { max_packet_size: '2MB' }, node: { process_limit: 4_000_000 } };
    const live = fileOf('/etc/emqx-haproxy/emqx/settings.hocon', settings);
    expect(live.change).toEqual({ kind: 'reload', unit: 'emqx' });
    expect(live.content).toContain('mqtt {\n  max_packet_size = "2MB"\n}');
    expect(live.content).not.toContain('process_limit');
    const conf = fileOf('/etc/emqx/emqx.conf', settings);
    expect(conf.change).toEqual({ kind: 'restart', unit: 'emqx' });
    expect(conf.content).toContain('node {\n  process_limit = 4000000\n}');
    // What the package says comes later, and wins.
    expect(conf.content.indexOf('process_limit')).toBeLessThan(conf.content.indexOf('name ='));
    expect(JSON.parse(fileOf('/etc/emqx-haproxy/settings.json', settings).content)).toEqual({
      roots: { mqtt: '{}' },
      expected: settings,
    });
  });

  it('are in a file that says something where none is given', () => {
    expect(fileOf('/etc/emqx-haproxy/emqx/settings.hocon', {}).content).toBe('authorization {}\n');
  });
});

describe('secret settings', () => {
  let graph: ResourceGraph;
  beforeAll(async () => {
    graph = await graphOf(
      () =>
        new MqttPlatform('demo', {
          ssh: { allowedCidrs: ['198.51.100.7/32'] },
          listeners: { mqtts: {} },
          emqx: {
            brokers: 1,
            settings: {
              connectors: {
                mqtt: { far: { server: 'far:1883', username: 'me', password: 'plain-secret-1' } },
              },
              exhook: { servers: [{ name: 'x', ssl: { password: 'plain-secret-2' } }] },
              slow_subs: { threshold: pulumi.output('800ms') },
            },
          },
        }),
    );
  });

  it('are in the brokers’ secret and on view nowhere', () => {
    const name = 'demo-brokers-secrets-version';
    const secret = graph.one('aws:secretsmanager/secretVersion:SecretVersion', name);
    expect(secret.secretInputs).toContain('secretString');
    const { access } = fields.parse(JSON.parse(String(secret.inputs['secretString'])));
    for (const line of ['password = "plain-secret-1"', 'password = "plain-secret-2"', 'threshold = "800ms"'])
      expect(access).toContain(line);
    const others = graph.resources.filter((resource) => resource.name !== name);
    expect(JSON.stringify(others)).toContain('far:1883');
    expect(JSON.stringify(others)).not.toMatch(/plain-secret|800ms/);
  });
});

describe('drift', () => {
  const answer = (differs: object, elsewhere: readonly string[] = []) =>
    JSON.stringify({ differs, elsewhere });

  it('is told broker by broker', () => {
    const answers = new Map([
      ['emqx-1', answer({})],
      ['emqx-2', answer({ 'mqtt.max_inflight': { expected: 16, found: '9' } })],
    ]);
    expect(() => drifted(answers)).toThrow('emqx-2: mqtt.max_inflight is "9" instead of 16');
  });

  it('beside the arguments is a warning', () => {
    expect(() => drifted(new Map([['emqx-1', answer({}, ['sysmon'])]]))).toThrow(
      /beside the arguments: sysmon/,
    );
    expect(drifted(new Map([['emqx-1', answer({})]]))).toBe('on 1 brokers');
  });
});
