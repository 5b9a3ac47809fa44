import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { EmqxArgs } from '../../components';
import { MqttPlatform, checkMqttPlatformArgs } from '../../components';
import { brokerSecrets } from '../../components/brokers/secrets';
import type { StackOutputs } from '../../infra/outputs';
import { stackOutputs } from '../../infra/outputs';
import { licenceKey } from '../../proving/licenceKey';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, isSecret, valueOf } from './resourceGraph';

const ssh = { allowedCidrs: ['198.51.100.7/32'] };
const fields = z.object({ apiKeys: z.string() });

function told(emqx: object): readonly string[] {
  return checkMqttPlatformArgs('mqtt', { ssh, emqx }).map(({ path, reason }) => `${path} ${reason}`);
}

describe('API keys', () => {
  let graph: ResourceGraph;
  let outputs: StackOutputs;
  beforeAll(async () => {
    graph = await graphOf(() => {
      const emqx: EmqxArgs = {
        version: '5.10.3',
        licenseKey: licenceKey({}),
        apiKeys: { ops: { secret: 'a-given-secret-1' }, panel: { role: 'viewer' } },
      };
      outputs = stackOutputs(new MqttPlatform('demo', { ssh, emqx }));
    });
  });

  it('are told with a way to the dashboard', async () => {
    const { apiKeys, dashboardTunnel } = outputs;
    expect(await valueOf(apiKeys)).toEqual([
      { key: 'ops', secret: 'a-given-secret-1', role: 'administrator' },
      { key: 'panel', secret: expect.any(String) as unknown, role: 'viewer' },
    ]);
    expect(await isSecret(apiKeys)).toBe(true);
    expect(outputs.dashboardUrl).toBeUndefined();
    expect(await valueOf(dashboardTunnel)).toMatch(/^ssh -N -i KEY -L 18083:10\.[\d.]+:18083 admin@\S+$/);
  });

  it('are in the file that EMQX reads, after that of the brokers’ own programs', () => {
    const name = 'demo-brokers-secrets-version';
    const secret = graph.one('aws:secretsmanager/secretVersion:SecretVersion', name);
    const { apiKeys } = fields.parse(JSON.parse(String(secret.inputs['secretString'])));
    expect(apiKeys).toMatch(/^emqx-haproxy:\S+\nops:a-given-secret-1\npanel:\S+:viewer\n$/);
    expect(JSON.stringify(graph.resources.filter((each) => each.name !== name))).not.toContain(
      'a-given-secret-1',
    );
  });

  it('reach brokers that run', () => {
    const file = brokerSecrets('arn', false).find((each) => each.file.endsWith('api-keys'));
    expect(file?.change).toEqual({ kind: 'reload', unit: 'emqx' });
  });

  it.each<[string, object, string]>([
    ['a name that ends at the colon', { 'a:b': {} }, 'emqx.apiKeys has the name "a:b"'],
    ['the name of the brokers’ own', { 'emqx-haproxy': {} }, 'but not emqx-haproxy'],
    [
      'a role that the version has not',
      { panel: { role: 'viewer' } },
      'emqx.apiKeys.panel.role is viewer, which EMQX 5.8.9 does not have',
    ],
    ['a secret that a line cannot hold', { ops: { secret: 'a b' } }, 'emqx.apiKeys.ops.secret is no secret'],
    [
      'more than EMQX takes',
      Object.fromEntries(Array.from({ length: 81 }, (_, n) => [`k${n}`, {}])),
      'emqx.apiKeys has 81 keys; at most 80',
    ],
  ])('are refused for %s', (_, apiKeys, problem) => {
    expect(told({ apiKeys }).join('\n')).toContain(problem);
  });
});

describe('the dashboard’s password', () => {
  it.each(['short1-', 'only-letters'.replace('-', ''), 'x'.repeat(65), '12345678'])(
    'is refused where EMQX would: %s',
    (dashboardPassword) => {
      expect(told({ dashboardPassword }).join('\n')).toContain('emqx.dashboardPassword is no password');
    },
  );

  it('is taken otherwise', () => {
    expect(told({ dashboardPassword: 'letters-and-more' })).toEqual([]);
  });
});
