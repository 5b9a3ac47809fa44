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
