import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { MqttPlatform, planPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';
import { ruleCounts } from '../../components/platform/groupRules';
import type { Configuration } from '../../infra/configuration';
import { checkVpcQuotas } from '../../infra/vpcQuotas';
import { refusalBy } from './accountCheck';
import { graphOf } from './resourceGraph';

/** An account as the program asks it: its VPCs by id, with the stack that each of a platform's is of. */
interface Account {
  readonly vpcs?: Readonly<Record<string, string | undefined>>;
  readonly vpcQuota?: number;
  readonly ruleQuota?: number;
}

const configuration = { ssh: { allowedCidrs: ['203.0.113.0/24'] } } as Configuration;
const asked: string[] = [];

function stand({ vpcs = {}, vpcQuota = 5, ruleQuota = 60 }: Account): void {
  asked.length = 0;
  const call = ({ token, inputs }: MockCallArgs): object => {
    const { tags, id, quotaCode } = inputs as {
      readonly tags?: object;
      readonly id?: string;
      readonly quotaCode?: string;
    };
    const own = Object.keys(vpcs).filter((each) => each.startsWith('vpc-mqtt'));
    switch (token.split(':').at(-1)) {
      case 'getVpcs':
        return { ids: tags === undefined ? Object.keys(vpcs) : own };
      case 'getVpc':
        return { tags: vpcs[id ?? ''] === undefined ? {} : { 'emqx-haproxy:stack': vpcs[id ?? ''] } };
      case 'getServiceQuota':
        asked.push(quotaCode ?? '');
        return { value: quotaCode === 'L-F678F1CE' ? vpcQuota : ruleQuota };
      default:
        throw new Error(`unexpected call of ${token}`);
    }
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
}

afterEach(() => pulumi.runtime.disconnect());

async function refusal(account: Account, more: Partial<Configuration> = {}): Promise<string> {
  stand(account);
  return refusalBy(checkVpcQuotas, { ...configuration, ...more });
}

describe('the quota of VPCs', () => {
  const full = { 'vpc-1': undefined, 'vpc-2': undefined };

  it('that is used up is told with what is missing and both ways out', async () => {
    expect(await refusal({ vpcs: full, vpcQuota: 3 })).toBe('nothing');
    expect(await refusal({ vpcs: full, vpcQuota: 2 })).toContain(
      'network: needs a VPC, the region has 2, and the quota L-F678F1CE (VPCs of a region) is 2; give a VPC of yours (network.vpcId), or ask AWS for 3',
    );
  });

  it("does not matter where the stack has its VPC, and does where another stack's platform has one", async () => {
    const of = (stack: string) => ({ ...full, 'vpc-mqtt': stack });
    expect(await refusal({ vpcs: of('emqx-haproxy/unit'), vpcQuota: 3 })).toBe('nothing');
    expect(await refusal({ vpcs: of('emqx-haproxy/prod'), vpcQuota: 3 })).toContain('the region has 3');
  });
});

describe('the quota of rules of a security group', () => {
  const ranges = (count: number) => Array.from({ length: count }, (_, index) => `10.${index}.0.0/16`);
  const many = { listeners: { mqtts: { allowedCidrs: ranges(70) } } };

  it('is not asked for where every account has enough', async () => {
    expect(await refusal({ vpcs: {} })).toBe('nothing');
    expect(asked).toEqual(['L-F678F1CE']);
  });

  it('refuses more than it is by the argument that asks for them, unless AWS has granted more', async () => {
    expect(await refusal({}, many)).toContain(
      "listeners: needs 73 rules of the balancers' group to let clients in, and the quota L-0EA8095F (inbound or outbound rules of a security group) is 60; give fewer ranges or ports, or ask AWS for 73",
    );
    expect(await refusal({ ruleQuota: 100 }, many)).toBe('nothing');
    const egressRules = ranges(70).map((cidr) => ({ port: 5432, cidr }));
    expect(await refusal({}, { emqx: { egressRules } })).toContain('emqx.egressRules: needs 7');
  });

  it.each<[string, Partial<MqttPlatformArgs>]>([
    ['the default', {}],
    ['listeners, ranges and a dashboard', { ...many, haproxy: { dashboard: { allowedCidrs: ranges(2) } } }],
    ['hosts reached inside the VPC', { ssh: { allowedCidrs: ranges(3), via: 'private' } }],
    ['TLS towards brokers', { emqx: { encryption: 'offered' as const } }],
  ])('counts what is made: %s', async (_, more) => {
    const args: MqttPlatformArgs = { ssh: { allowedCidrs: ['203.0.113.0/24'] }, ...more };
    const graph = await graphOf(() => new MqttPlatform('mqtt', args));
    const made = (kind: string, group: string) =>
      graph.resources.filter(
        ({ type, inputs }) =>
          type === `aws:vpc/securityGroup${kind}Rule:SecurityGroup${kind}Rule` &&
          inputs['securityGroupId'] === group,
      ).length;
    const both = (group: string) => ({ from: made('Ingress', group), to: made('Egress', group) });
    expect(ruleCounts(planPlatform('mqtt', args))).toEqual({
      balancers: both('mqtt-balancers-group-id'),
      brokers: both('mqtt-brokers-group-id'),
    });
  });
});
