import { beforeAll, describe, expect, it } from 'vitest';
import { MqttPlatform } from '../../components';
import { evaluate } from '../../lab/api/iam/evaluate';
import { parsePolicy, type Policy } from '../../lab/api/iam/policy';
import { graphOf } from './resourceGraph';
import type { ResourceGraph } from './resourceGraph';

/** Two stacks of one account, region and VPC, with platforms of the same name, judged by the lab's IAM. */
const own = 'emqx-haproxy/unit';
const another = 'emqx-haproxy/prod';
const ssh = { allowedCidrs: ['203.0.113.0/24'] };

interface Tagged {
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
}

function resource(kind: string, stack: string | undefined): Tagged {
  const tags: [string, string][] = [
    ['emqx-haproxy:platform', 'mqtt'],
    ['emqx-haproxy:role', 'virtual-ip'],
    ...(stack === undefined ? [] : [['emqx-haproxy:stack', stack] satisfies [string, string]]),
  ];
  return { arn: `arn:aws:ec2:eu-central-1:123456789012:${kind}/x`, tags: new Map(tags) };
}

const vip: Tagged = {
  arn: 'arn:aws:ec2:eu-central-1:123456789012:elastic-ip/mqtt-vip-address-id',
  tags: new Map(),
};

function policyOf(graph: ResourceGraph): Policy {
  const { inputs } = graph.one('aws:iam/rolePolicy:RolePolicy', 'mqtt-haproxy-1-policy');
  return parsePolicy('mqtt-haproxy-1', String(inputs['policy']));
}

function allows(policy: Policy, action: string, resources: readonly Tagged[]): boolean {
  return evaluate([policy], { action, resources, context: new Map() }).allowed;
}

describe("a balancer's role", () => {
  let elasticIp: Policy;
  let privateIp: Policy;
  beforeAll(async () => {
    elasticIp = policyOf(await graphOf(() => new MqttPlatform('mqtt', { ssh })));
    const network = { balancerZoneCount: 1 };
    privateIp = policyOf(
      await graphOf(() => new MqttPlatform('mqtt', { ssh, network, virtualIp: { mode: 'privateIp' } })),
    );
  });

  const take = (stackOfInterface: string | undefined, stackOfInstance: string | undefined) =>
    allows(elasticIp, 'ec2:AssociateAddress', [
      vip,
      resource('network-interface', stackOfInterface),
      resource('instance', stackOfInstance),
    ]);

  it("takes its address to its own pair and to no other stack's", () => {
    expect(take(own, own)).toBe(true);
    expect(take(another, another)).toBe(false);
    expect(take(own, another)).toBe(false);
  });

  it("assigns no address to another stack's interface", () => {
    const assign = (stack: string | undefined) =>
      allows(privateIp, 'ec2:AssignPrivateIpAddresses', [resource('network-interface', stack)]);
    expect([assign(own), assign(another)]).toEqual([true, false]);
  });

  it('goes on taking over while an up gives the tag to what 0.1.0 made, one after the other', () => {
    expect([take(undefined, undefined), take(own, undefined), take(undefined, own)]).toEqual([
      true,
      true,
      true,
    ]);
  });
});

it('every resource that carries the tag of its platform carries that of its stack', async () => {
  const graph = await graphOf(() => new MqttPlatform('mqtt', { ssh }));
  const tagged = graph.resources.flatMap(({ name, inputs }) => {
    const { tags } = inputs as { readonly tags?: Readonly<Record<string, string>> };
    return tags?.['emqx-haproxy:platform'] === undefined ? [] : [[name, tags['emqx-haproxy:stack']]];
  });
  expect(tagged.length).toBeGreaterThan(30);
  expect(tagged.filter(([, stack]) => stack !== own)).toEqual([]);
});

/** What EC2, IAM and Secrets Manager give no tags, or a part of something that has its own. */
const withoutTags = [
  'aws:ebs/volumeAttachment:VolumeAttachment',
  'aws:ec2/route:Route',
  'aws:ec2/routeTableAssociation:RouteTableAssociation',
  'aws:ec2/subnetCidrReservation:SubnetCidrReservation',
  'aws:ec2/volumeAttachment:VolumeAttachment',
  'aws:iam/rolePolicy:RolePolicy',
  'aws:secretsmanager/secretVersion:SecretVersion',
];

it('gives the tags of its user, of the platform and of the stack to everything that can carry them', async () => {
  const graph = await graphOf(() => new MqttPlatform('mqtt', { ssh, tags: { Owner: 'messaging' } }));
  const untagged = graph.resources
    .filter(({ type }) => type.startsWith('aws:') && !withoutTags.includes(type))
    .filter(({ inputs }) => {
      const { tags = {} } = inputs as { readonly tags?: Readonly<Record<string, string>> };
      return (
        tags['Owner'] !== 'messaging' ||
        tags['emqx-haproxy:platform'] === undefined ||
        tags['emqx-haproxy:stack'] !== own
      );
    });
  expect(untagged.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
  const { inputs } = graph.one(
    'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    'mqtt-balancers-8883-from-0-0-0-0-0',
  );
  expect(inputs['tags']).toMatchObject({ Name: 'mqtt-balancers-8883-from-0-0-0-0-0' });
});

describe.each([
  { mode: 'elasticIp' as const },
  { mode: 'route' as const, address: '10.255.0.1' },
  { mode: 'privateIp' as const, publicAddress: true },
])('the roles of a stack in mode $mode', (virtualIp) => {
  const network = { balancerZoneCount: virtualIp.mode === 'privateIp' ? 1 : 2 };
  const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/own';
  let graph: ResourceGraph;
  beforeAll(async () => {
    graph = await graphOf(() => new MqttPlatform('mqtt', { ssh, network, virtualIp, kmsKeyArn }));
  });

  const ofAnother: readonly Tagged[] = [
    ...['network-interface', 'instance', 'elastic-ip', 'route-table', 'volume', 'security-group'].map(
      (kind) => resource(kind, another),
    ),
    ...[
      'secretsmanager:eu-central-1:123456789012:secret:mqtt-brokers-secrets-1',
      'kms:eu-central-1:123456789012:key/1',
    ].map((name) => ({ ...resource('x', another), arn: `arn:aws:${name}` })),
  ];

  /** Every action that a role has at all, but looking at EC2: that can be granted for everything or not at all. */
  function actionsOf(document: string): readonly string[] {
    const { Statement } = JSON.parse(document) as {
      readonly Statement: readonly { readonly Action: string[] }[];
    };
    return Statement.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('ec2:Describe'));
  }

  it("change, read and take nothing of another stack's", () => {
    const policies = graph.resources.filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy');
    expect(policies).toHaveLength(5);
    const context = new Map([['kms:viaservice', 'secretsmanager.eu-central-1.amazonaws.com']]);
    const granted = policies.flatMap(({ name, inputs }) => {
      const document = String(inputs['policy']);
      const policy = parsePolicy(name, document);
      const actions = actionsOf(document);
      expect(actions).toContain('secretsmanager:GetSecretValue');
      return actions.flatMap((action) =>
        ofAnother
          .filter((each) => evaluate([policy], { action, resources: [each], context }).allowed)
          .map(({ arn }) => `${name}: ${action} on ${arn}`),
      );
    });
    expect(granted).toEqual([]);
  });

  it('name no resource but by its id or by the tag of the stack', () => {
    for (const { inputs } of graph.resources.filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy'))
      for (const { Action, Resource, Condition } of (
        JSON.parse(String(inputs['policy'])) as {
          readonly Statement: readonly {
            readonly Action: string[];
            readonly Resource: string[];
            readonly Condition?: object;
          }[];
        }
      ).Statement) {
        if (Action.every((action) => action.startsWith('ec2:Describe'))) continue;
        if (Resource.some((arn) => arn.endsWith('*')))
          expect(JSON.stringify(Condition)).toContain('aws:ResourceTag/emqx-haproxy:stack');
      }
  });
});
