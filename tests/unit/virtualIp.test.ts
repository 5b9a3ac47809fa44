import { describe, expect, it } from 'vitest';
import { MqttPlatform, VirtualIp } from '../../components';
import type { MqttPlatformArgs, NetworkSubnet, VirtualIpArgs } from '../../components';
import * as pulumi from '@pulumi/pulumi';
import type { ResourceGraph } from './resourceGraph';
import { graphOf, refusalOf, valueOf } from './resourceGraph';

const ssh = { allowedCidrs: ['203.0.113.0/24'] };
const route: VirtualIpArgs = { mode: 'route', address: '10.255.0.1' };
const adopted = (...cidrs: string[]): NonNullable<MqttPlatformArgs['network']> => ({
  vpcId: 'vpc-1',
  vpcCidr: '10.1.0.0/16',
  balancerSubnets: cidrs.map((cidr, index) => ({ subnetId: `subnet-${index + 1}`, cidr })),
  brokerSubnets: [{ subnetId: 'subnet-9', cidr: '10.1.9.0/24' }],
  egress: 'nat',
});
const oneSubnet = adopted('10.1.0.0/24');
const chosenBlock = {
  ...oneSubnet,
  balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.1.0.0/24', plannedBlock: '10.1.0.64/27' }],
};
const networkInterface = 'aws:ec2/networkInterface:NetworkInterface';
const elasticIp = 'aws:ec2/eip:Eip';
const reservation = 'aws:ec2/subnetCidrReservation:SubnetCidrReservation';

async function made(args: Partial<MqttPlatformArgs>): Promise<[MqttPlatform, ResourceGraph]> {
  const platforms: MqttPlatform[] = [];
  const graph = await graphOf(() => {
    platforms.push(new MqttPlatform('mqtt', { ssh, emqx: { brokers: 1 }, ...args }));
  });
  const [platform] = platforms;
  if (platform === undefined) throw new Error('no platform was made');
  return [platform, graph];
}

const refused = (args: Partial<MqttPlatformArgs>) =>
  refusalOf(() => new MqttPlatform('mqtt', { ssh, emqx: { brokers: 1 }, ...args }));

/** The text of the one problem that a refusal names, without its heading. */
async function problem(args: Partial<MqttPlatformArgs>): Promise<string> {
  const [heading, ...lines] = (await refused(args)).split('\n');
  expect(heading).toBe('MqttPlatform mqtt: 1 problem in its arguments');
  return lines.join('\n').trim();
}

const statementsOf = (graph: ResourceGraph, host: string) =>
  (
    JSON.parse(
      String(graph.one('aws:iam/rolePolicy:RolePolicy', `mqtt-${host}-policy`).inputs['policy']),
    ) as { Statement: { Sid: string; Action: string[]; Resource: string[] }[] }
  ).Statement.filter(({ Sid }) => Sid !== 'ReadOwnSecrets');

const awsJsonOf = (graph: ResourceGraph, host: string) => {
  const set = String(graph.one('command:remote:Command', `mqtt-${host}-files`).inputs['stdin']);
  const file = /=== \/etc\/emqx-haproxy\/aws\.json .*\n([^]*?)(?=\n=== |$)/.exec(set)?.[1] ?? '';
  return (JSON.parse(file) as { virtualIp: unknown }).virtualIp;
};

const certificateNames = (graph: ResourceGraph) =>
  graph.one('tls:index/certRequest:CertRequest', 'mqtt-certificates-server-request').inputs['ipAddresses'];

const openTo = (graph: ResourceGraph, port: number) =>
  graph.resources
    .filter(
      ({ type, name, inputs }) =>
        type === 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule' &&
        name.startsWith('mqtt-balancers-') &&
        inputs['fromPort'] === port,
    )
    .map(({ inputs }) => inputs['cidrIpv4']);

describe('mode route', () => {
  it('makes a route in every table of a made network, at first towards the preferred balancer', async () => {
    const [platform, graph] = await made({
      virtualIp: route,
      network: { nat: 'perZone', zoneCount: 2 },
      haproxy: { keepalived: { preferred: 'haproxy-2' } },
    });
    const routes = graph.resources.filter(({ name }) => name.startsWith('mqtt-vip-route-'));
    expect(routes.map(({ type, name, inputs }) => ({ type, name, inputs }))).toEqual(
      ['public', 'private-1', 'private-2'].map((table) => ({
        type: 'aws:ec2/route:Route',
        name: `mqtt-vip-route-${table}`,
        inputs: {
          routeTableId: `mqtt-network-${table}-id`,
          destinationCidrBlock: '10.255.0.1/32',
          networkInterfaceId: 'mqtt-haproxy-2-interface-id',
        },
      })),
    );
    expect(await valueOf(platform.endpoints)).toEqual({ mqtts: 'mqtts://10.255.0.1:8883' });
    expect(certificateNames(graph)).toEqual(['10.255.0.1']);
  });

  it('makes a route in the tables named of a network that exists, which needs no public address', async () => {
    const [, graph] = await made({
      virtualIp: { ...route, routeTableIds: { main: 'rtb-1', clients: pulumi.output('rtb-2') } },
      network: adopted('10.1.0.0/24', '10.1.1.0/24'),
      ssh: { ...ssh, via: 'private' },
    });
    expect(
      graph.resources
        .filter(({ type }) => type === 'aws:ec2/route:Route')
        .map(({ inputs }) => inputs['routeTableId']),
    ).toEqual(['rtb-1', 'rtb-2']);
    expect(graph.namesOf(elasticIp)).toEqual([]);
  });

  it("turns the balancers' source/destination check off, and no broker's", async () => {
    const [, graph] = await made({ virtualIp: route });
    const checks = graph.resources
      .filter(({ type }) => type === networkInterface)
      .map(({ name, inputs }) => [name, inputs['sourceDestCheck'], inputs['privateIpLists']]);
    expect(checks.toSorted()).toEqual([
      ['mqtt-emqx-1-interface', undefined, ['10.20.10.36']],
      ['mqtt-haproxy-1-interface', false, ['10.20.0.32']],
      ['mqtt-haproxy-2-interface', false, ['10.20.1.33']],
    ]);
  });

  it('lets a balancer turn routes of these tables and nothing else', async () => {
    const [, graph] = await made({ virtualIp: route });
    expect(statementsOf(graph, 'haproxy-1')).toEqual([
      {
        Sid: 'TurnRoutes',
        Effect: 'Allow',
        Action: ['ec2:ReplaceRoute'],
        Resource: [
          'arn:aws:ec2:*:*:route-table/mqtt-network-public-id',
          'arn:aws:ec2:*:*:route-table/mqtt-network-private-1-id',
        ],
      },
      {
        Sid: 'SeeTheHolder',
        Effect: 'Allow',
        Action: ['ec2:DescribeRouteTables', 'ec2:DescribeInstanceStatus'],
        Resource: ['*'],
      },
    ]);
    expect(awsJsonOf(graph, 'haproxy-1')).toEqual({
      mode: 'route',
      address: '10.255.0.1',
      routeTableIds: ['mqtt-network-public-id', 'mqtt-network-private-1-id'],
      interfaceId: 'mqtt-haproxy-1-interface-id',
    });
  });

  it("opens listeners to the VPC's range, or to what they name", async () => {
    const listeners = { mqtt: {}, mqtts: { allowedCidrs: ['10.99.0.0/16'] } };
    const [, graph] = await made({ virtualIp: route, listeners });
    expect(openTo(graph, 1883)).toEqual(['10.20.0.0/16']);
    expect(openTo(graph, 8883)).toEqual(['10.99.0.0/16']);
  });

  it('refuses an address that EC2 or the network would not carry', async () => {
    const allowed =
      "a private IPv4 address outside the VPC's range 10.20.0.0/16, such as 10.255.0.1, is allowed";
    expect(await problem({ virtualIp: { mode: 'route', address: '10.20.5.5' } })).toBe(
      `virtualIp.address: is 10.20.5.5, which lies in the VPC's range 10.20.0.0/16, where EC2 takes no route to a host; ${allowed}`,
    );
    expect(await problem({ virtualIp: { mode: 'route' } })).toBe(
      `virtualIp.address: is missing in mode route; ${allowed}`,
    );
    for (const address of ['198.51.100.1', '10.255.0.0/16', '127.0.0.1'])
      expect(await problem({ virtualIp: { mode: 'route', address } })).toBe(
        `virtualIp.address: is "${address}"; ${allowed}`,
      );
  });

  it('refuses an existing network without named route tables', async () => {
    expect(await problem({ virtualIp: route, network: oneSubnet })).toBe(
      'virtualIp.routeTableIds: names no route table, so no client could reach the address; give the tables of the subnets that have clients, such as {"main": "rtb-0123456789abcdef0"}',
    );
  });
});

describe('mode privateIp', () => {
  const privateIp: VirtualIpArgs = { mode: 'privateIp' };

  it('keeps an address of the one subnet free and off the interfaces, since the balancers move it', async () => {
    const [platform, graph] = await made({ virtualIp: privateIp, network: { balancerZoneCount: 1 } });
    expect(graph.one(reservation, 'mqtt-vip-reservation').inputs).toEqual({
      subnetId: 'mqtt-network-public-1-id',
      cidrBlock: '10.20.0.31/32',
      reservationType: 'explicit',
      description: 'virtual IP of mqtt',
    });
    for (const [host, address] of [
      ['haproxy-1', '10.20.0.32'],
      ['haproxy-2', '10.20.0.33'],
    ] as const)
      expect(graph.one(networkInterface, `mqtt-${host}-interface`).inputs['privateIpLists']).toEqual([
        address,
      ]);
    expect(await valueOf(platform.endpoint)).toBe('10.20.0.31');
    expect(openTo(graph, 8883)).toEqual(['10.20.0.0/16']);
    expect(graph.namesOf(elasticIp)).not.toContain('mqtt-vip-address');
  });

  it("lets a balancer assign addresses to the pair's interfaces and nothing else", async () => {
    const [, graph] = await made({ virtualIp: privateIp, network: oneSubnet });
    const ofPair = {
      'aws:ResourceTag/emqx-haproxy:platform': 'mqtt',
      'aws:ResourceTag/emqx-haproxy:role': 'virtual-ip',
    };
    const assign = {
      Effect: 'Allow',
      Action: ['ec2:AssignPrivateIpAddresses'],
      Resource: ['arn:aws:ec2:*:*:network-interface/*'],
    };
    const stack = 'aws:ResourceTag/emqx-haproxy:stack';
    expect(statementsOf(graph, 'haproxy-2')).toEqual([
      {
        Sid: 'AssignToThisPair',
        ...assign,
        Condition: { StringEquals: { ...ofPair, [stack]: 'emqx-haproxy/unit' } },
      },
      {
        Sid: 'AssignToThisPairOf010',
        ...assign,
        Condition: { StringEquals: ofPair, Null: { [stack]: 'true' } },
      },
      {
        Sid: 'SeeTheHolder',
        Effect: 'Allow',
        Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeInstanceStatus'],
        Resource: ['*'],
      },
    ]);
    expect(awsJsonOf(graph, 'haproxy-2')).toEqual({
      mode: 'privateIp',
      address: '10.1.0.31',
      subnetId: 'subnet-1',
      interfaceId: 'mqtt-haproxy-2-interface-id',
    });
  });

  it('has an Elastic IP on it when asked to, which is then the endpoint and open to the internet', async () => {
    const [platform, graph] = await made({
      virtualIp: { ...privateIp, address: '10.1.0.200', publicAddress: true },
      network: oneSubnet,
    });
    expect(await valueOf(platform.endpoint)).toBe('198.51.100.10');
    expect(certificateNames(graph)).toEqual(['198.51.100.10', '10.1.0.200']);
    expect(openTo(graph, 8883)).toEqual(['0.0.0.0/0']);
    expect(awsJsonOf(graph, 'haproxy-1')).toMatchObject({ allocationId: 'mqtt-vip-address-id' });
    const actions = statementsOf(graph, 'haproxy-1').flatMap(({ Action }) => Action);
    expect(new Set(actions)).toEqual(
      new Set([
        'ec2:AssignPrivateIpAddresses',
        'ec2:AssociateAddress',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeInstanceStatus',
      ]),
    );
  });

  it('needs no reservation of its own within the block that is planned for hosts', async () => {
    for (const [network, address] of [
      [oneSubnet, '10.1.0.34'],
      [chosenBlock, undefined],
    ] as const) {
      const [platform, graph] = await made({
        virtualIp: { ...privateIp, ...(address === undefined ? {} : { address }) },
        network,
      });
      expect(graph.namesOf(reservation)).not.toContain('mqtt-vip-reservation');
      expect(await valueOf(platform.endpoint)).toBe(address ?? '10.1.0.66');
    }
  });

  it('refuses balancers in two subnets', async () => {
    expect(await problem({ virtualIp: privateIp })).toBe(
      'virtualIp.mode: is privateIp, and the balancers are in 2 subnets (10.20.0.0/24, 10.20.1.0/24): a private address belongs to one; place both balancers in one subnet (network.balancerZoneCount: 1, or a single network.balancerSubnets), or use elasticIp or route, which cross zones',
    );
  });

  it.each(['10.1.0.3', '10.1.0.255', '10.1.0.40', '10.1.1.31', 'ten'])(
    'refuses %s, which the subnet cannot give',
    async (address) => {
      expect(await problem({ virtualIp: { ...privateIp, address }, network: oneSubnet })).toBe(
        `virtualIp.address: is "${address}"; an address of the balancers' subnet 10.1.0.0/24 outside its first four, its last, and 10.1.0.32/27, which is planned for hosts, is allowed, and of that block 10.1.0.34 or 10.1.0.35`,
      );
    },
  );
});

describe('mode elasticIp', () => {
  it("uses the caller's Elastic IP, which does not count against the quota", async () => {
    const [, graph] = await made({ virtualIp: { allocationId: 'eipalloc-1' }, elasticIpQuota: 3 });
    expect(awsJsonOf(graph, 'haproxy-1')).toMatchObject({
      mode: 'elasticIp',
      allocationId: 'eipalloc-1',
      privateAddress: '10.20.0.34',
    });
  });

  it('refuses more Elastic IPs than the region grants, with the sum', async () => {
    expect(await problem({ network: { nat: 'perZone' } })).toBe(
      "elasticIpQuota: is 5, and 6 Elastic IPs are needed (1 for the virtual IP + 2 for the balancers + 3 for NAT gateways); have AWS raise the region's quota and give it here, or need fewer: network.nat: single, virtualIp.mode: route, or an allocationId of yours",
    );
    await made({ network: { nat: 'perZone' }, elasticIpQuota: 6 });
  });
});

describe('a mode', () => {
  it('that does not exist, and options of another one, are refused', async () => {
    // As plain JavaScript or a configuration could give it.
    const unknown = JSON.parse('{"mode": "arp"}') as VirtualIpArgs;
    expect(await problem({ virtualIp: unknown })).toBe(
      'virtualIp.mode: is "arp"; elasticIp, route and privateIp are allowed',
    );
    const mixed = { address: '10.255.0.1', routeTableIds: { main: 'rtb-1' }, publicAddress: true };
    expect((await refused({ virtualIp: mixed })).split('\n').slice(1)).toEqual([
      '  virtualIp.address: is for mode route and privateIp and has no effect with elasticIp; leave it out',
      '  virtualIp.routeTableIds: is for mode route and has no effect with elasticIp; leave it out',
      '  virtualIp.publicAddress: is for mode privateIp and has no effect with elasticIp; leave it out',
    ]);
  });

  it('that needs a network is refused without one', async () => {
    const message = await refusalOf(() => new VirtualIp('vip', { mode: 'privateIp' }));
    expect(message).toContain("network: is missing; mode privateIp needs the balancers' network");
  });

  it("works on a network of the caller's own, without a platform", async () => {
    const subnets: NetworkSubnet[] = [{ subnetId: pulumi.output('subnet-1'), cidr: '10.1.0.0/24' }];
    const graph = await graphOf(() => {
      const network = { vpcCidr: '10.1.0.0/16', balancerSubnets: subnets, routeTableIds: {} };
      return new VirtualIp('vip', { ...route, routeTableIds: { main: 'rtb-1' }, network }).placeOn('eni-1');
    });
    expect(graph.one('aws:ec2/route:Route', 'vip-route-main').inputs).toEqual({
      routeTableId: 'rtb-1',
      destinationCidrBlock: '10.255.0.1/32',
      networkInterfaceId: 'eni-1',
    });
  });
});
