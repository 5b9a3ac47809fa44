import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { activeBalancer, planPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';

/** EC2 as the program asks it: the pair's interfaces, an Elastic IP, a route, a private address. */
interface Ec2 {
  readonly elasticIpOn?: string;
  readonly routeTo?: string;
  readonly privateAddresses?: Readonly<Record<string, readonly string[]>>;
  /** The stacks that interfaces and Elastic IPs are tagged with, by id; others have no such tag. */
  readonly stacks?: Readonly<Record<string, string>>;
}

const pair: Readonly<Record<string, string>> = { 'eni-1': 'mqtt-haproxy-1', 'eni-2': 'mqtt-haproxy-2' };
const stackTag = 'emqx-haproxy:stack';
const allocations: Readonly<Record<string, string>> = {
  'eipalloc-own': 'mqtt-haproxy-1-address',
  'eipalloc-vip': 'mqtt-vip-address',
};

function stand(ec2: Ec2, interfaces: readonly string[] = Object.keys(pair)): void {
  const asked = (args: MockCallArgs) => args.inputs as Record<string, string>;
  const stackOf = (id: string) => (ec2.stacks?.[id] === undefined ? {} : { [stackTag]: ec2.stacks[id] });
  const answers: Readonly<Record<string, (args: MockCallArgs) => object>> = {
    'aws:ec2/getNetworkInterfaces:getNetworkInterfaces': () => ({ ids: interfaces }),
    'aws:ec2/getNetworkInterface:getNetworkInterface': (args) => {
      const { id = '' } = asked(args);
      const tags = { Name: pair[id] ?? 'mqtt-haproxy-1', ...stackOf(id) };
      return { tags, vpcId: 'vpc-1', privateIps: ec2.privateAddresses?.[id] ?? [] };
    },
    'aws:ec2/getEips:getEips': () => ({ allocationIds: Object.keys(allocations) }),
    'aws:ec2/getElasticIp:getElasticIp': (args) => {
      const { id = '' } = asked(args);
      const name = allocations[id];
      const networkInterfaceId = name === 'mqtt-haproxy-1-address' ? 'eni-1' : (ec2.elasticIpOn ?? '');
      return { networkInterfaceId, tags: name === undefined ? {} : { Name: name, ...stackOf(id) } };
    },
    'aws:ec2/getRouteTables:getRouteTables': (args) => {
      expect(args.inputs).toEqual({
        vpcId: 'vpc-1',
        filters: [{ name: 'route.destination-cidr-block', values: ['10.255.0.1/32'] }],
      });
      return { ids: ec2.routeTo === undefined ? [] : ['rtb-1'] };
    },
    'aws:ec2/getRouteTable:getRouteTable': () => ({
      routes: [
        { cidrBlock: '0.0.0.0/0', networkInterfaceId: '' },
        { cidrBlock: '10.255.0.1/32', networkInterfaceId: ec2.routeTo },
      ],
    }),
  };
  const call = (args: MockCallArgs) => {
    const answer = answers[args.token];
    if (answer === undefined) throw new Error(`unexpected call of ${args.token}`);
    return answer(args);
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
}

const planned = (args: Partial<MqttPlatformArgs> = {}) =>
  planPlatform('mqtt', { ssh: { allowedCidrs: ['203.0.113.0/24'] }, ...args });

afterEach(async () => {
  await pulumi.runtime.disconnect();
});

describe('the active balancer', () => {
  it('is the one that the Elastic IP leads to, not the one with an address of its own', async () => {
    stand({ elasticIpOn: 'eni-2' });
    expect(await activeBalancer(planned())).toBe('haproxy-2');
  });

  it("is found by the caller's Elastic IP, which carries no tags of the platform", async () => {
    stand({ elasticIpOn: 'eni-2' });
    expect(await activeBalancer(planned(), 'eipalloc-9')).toBe('haproxy-2');
  });

  it('is the one that the route leads to', async () => {
    const plan = planned({ virtualIp: { mode: 'route', address: '10.255.0.1' } });
    stand({ routeTo: 'eni-2' });
    expect(await activeBalancer(plan)).toBe('haproxy-2');
    stand({});
    expect(await activeBalancer(plan)).toBeUndefined();
  });

  it('is the one whose interface has the private address', async () => {
    stand({ privateAddresses: { 'eni-1': ['10.20.0.32'], 'eni-2': ['10.20.0.33', '10.20.0.31'] } });
    const plan = planned({ network: { balancerZoneCount: 1 }, virtualIp: { mode: 'privateIp' } });
    expect(await activeBalancer(plan)).toBe('haproxy-2');
  });

  it('is never of another stack, which may have a platform of the same name', async () => {
    const own = 'emqx-haproxy/unit';
    const stacks = { 'eni-1': own, 'eni-2': own, 'eni-other': 'emqx-haproxy/prod', 'eipalloc-vip': own };
    stand({ elasticIpOn: 'eni-2', stacks }, ['eni-other', 'eni-1', 'eni-2']);
    expect(await activeBalancer(planned())).toBe('haproxy-2');
    stand({ elasticIpOn: 'eni-other', stacks: { ...stacks, 'eipalloc-vip': 'emqx-haproxy/prod' } });
    expect(await activeBalancer(planned())).toBeUndefined();
  });

  it('is nobody while nobody, or somebody else, has the address', async () => {
    stand({});
    expect(await activeBalancer(planned())).toBeUndefined();
    stand({ elasticIpOn: 'eni-of-another' });
    expect(await activeBalancer(planned())).toBeUndefined();
    stand({}, []);
    expect(await activeBalancer(planned())).toBeUndefined();
  });
});
