import { describe, expect, it } from 'vitest';
import { Network } from '../../components';
import { graphOf, refusalOf } from './resourceGraph';

const vpc = 'aws:ec2/vpc:Vpc';
const subnet = 'aws:ec2/subnet:Subnet';
const reservation = 'aws:ec2/subnetCidrReservation:SubnetCidrReservation';

describe('a network that is made', () => {
  it('has a public and a private subnet in each zone and one NAT gateway', async () => {
    const graph = await graphOf(() => new Network('net', { cidr: '10.40.0.0/16', zoneCount: 2 }));
    expect(graph.namesOf(subnet)).toEqual(['net-public-1', 'net-public-2', 'net-private-1', 'net-private-2']);
    expect(graph.one(subnet, 'net-public-2').inputs).toMatchObject({
      cidrBlock: '10.40.1.0/24',
      availabilityZone: 'eu-central-1b',
    });
    expect(graph.one(subnet, 'net-private-1').inputs).toMatchObject({ cidrBlock: '10.40.10.0/24' });
    expect(graph.namesOf('aws:ec2/natGateway:NatGateway')).toEqual(['net-nat-1']);
  });

  it('gives each zone its own NAT gateway when asked to', async () => {
    const graph = await graphOf(() => new Network('net', { zoneCount: 3, nat: 'perZone' }));
    expect(graph.namesOf('aws:ec2/natGateway:NatGateway')).toEqual(['net-nat-1', 'net-nat-2', 'net-nat-3']);
    expect(
      graph.one('aws:ec2/routeTableAssociation:RouteTableAssociation', 'net-private-3-routes').inputs,
    ).toMatchObject({
      routeTableId: 'net-private-3-id',
    });
  });

  it('sends private subnets out through NAT and public ones through the internet gateway', async () => {
    const graph = await graphOf(() => new Network('net', { zoneCount: 1 }));
    const route = 'aws:ec2/route:Route';
    expect(graph.one(route, 'net-public-default').inputs).toMatchObject({
      gatewayId: 'net-internet-id',
      destinationCidrBlock: '0.0.0.0/0',
    });
    expect(graph.one(route, 'net-private-1-default').inputs).toMatchObject({ natGatewayId: 'net-nat-1-id' });
  });

  it('places both balancers in one zone when asked to, and not in more zones than there are', async () => {
    const networks: Network[] = [];
    await graphOf(() => networks.push(new Network('net', { zoneCount: 3, balancerZoneCount: 1 })));
    expect(networks[0]?.balancerSubnets.map(({ cidr }) => cidr)).toEqual(['10.20.0.0/24']);
    expect(networks[0]?.brokerSubnets).toHaveLength(3);
    expect(await refusalOf(() => new Network('net', { zoneCount: 1, balancerZoneCount: 2 }))).toContain(
      'network.balancerZoneCount: is 2, and network.zoneCount is 1; give at most as many',
    );
  });

  it('tells its route tables by name', async () => {
    const networks: Network[] = [];
    await graphOf(() => networks.push(new Network('net', { zoneCount: 2, nat: 'perZone' })));
    expect(Object.keys(networks[0]?.routeTableIds ?? {})).toEqual(['public', 'private-1', 'private-2']);
  });

  it('reserves the planned block of every subnet that hosts are placed in', async () => {
    const graph = await graphOf(() => new Network('net', { zoneCount: 3 }));
    expect(
      graph.resources.filter(({ type }) => type === reservation).map(({ inputs }) => inputs['cidrBlock']),
    ).toEqual(['10.20.0.32/27', '10.20.1.32/27', '10.20.10.32/27', '10.20.11.32/27', '10.20.12.32/27']);
  });
});

describe('a network that is adopted', () => {
  it('makes nothing but reservations', async () => {
    const graph = await graphOf(
      () =>
        new Network('net', {
          vpcId: 'vpc-1',
          vpcCidr: '10.1.0.0/16',
          balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.1.1.0/24' }],
          brokerSubnets: [{ subnetId: 'subnet-1', cidr: '10.1.1.0/24' }],
          egress: 'nat',
        }),
    );
    expect(graph.namesOf(vpc)).toEqual([]);
    expect(graph.namesOf(reservation)).toEqual(['net-planned-10-1-1-0-24']);
  });

  it('reserves the block that was chosen, so that two platforms fit into one subnet', async () => {
    const subnet = (plannedBlock: string) => ({ subnetId: 'subnet-1', cidr: '10.1.1.0/24', plannedBlock });
    const graph = await graphOf(
      () =>
        new Network('net', {
          vpcId: 'vpc-1',
          vpcCidr: '10.1.0.0/16',
          balancerSubnets: [subnet('10.1.1.64/27')],
          brokerSubnets: [subnet('10.1.1.64/27'), subnet('10.1.1.96/27')],
          egress: 'nat',
        }),
    );
    expect(graph.one(reservation, 'net-planned-10-1-1-64-27').inputs).toMatchObject({
      cidrBlock: '10.1.1.64/27',
    });
    expect(graph.namesOf(reservation)).toEqual(['net-planned-10-1-1-64-27', 'net-planned-10-1-1-96-27']);
  });

  it.each(['10.1.1.0/27', '10.1.1.33/27', '10.1.1.32/28', '10.1.2.32/27', 'all'])(
    'refuses %s as the block of a subnet',
    async (plannedBlock) => {
      const subnet = { subnetId: 'subnet-1', cidr: '10.1.1.0/24', plannedBlock };
      const make = () =>
        new Network('net', {
          vpcId: 'vpc-1',
          vpcCidr: '10.1.0.0/16',
          balancerSubnets: [subnet],
          brokerSubnets: [{ subnetId: 'subnet-2', cidr: '10.1.4.0/24' }],
          egress: 'nat',
        });
      expect(await refusalOf(make)).toContain(
        `network.balancerSubnets[0].plannedBlock: is "${plannedBlock}"; a /27 without host bits within 10.1.1.0/24, but not its first one, such as 10.1.1.32/27, is allowed`,
      );
    },
  );

  it('tells every subnet that cannot be used, at once', async () => {
    const make = () =>
      new Network('net', {
        vpcId: 'vpc-1',
        vpcCidr: '10.1.0.0/16',
        balancerSubnets: [{ subnetId: 'subnet-1', cidr: '10.2.1.0/24' }],
        brokerSubnets: [
          { subnetId: 'subnet-2', cidr: '10.1.2.0/27' },
          { subnetId: 'subnet-3', cidr: '10.1.2.1/24' },
        ],
        egress: 'nat',
      });
    expect(await refusalOf(make)).toBe(
      [
        'Network net: 3 problems in its arguments',
        '  network.balancerSubnets[0].cidr: is 10.2.1.0/24, which does not lie in network.vpcCidr 10.1.0.0/16; give a subnet of this VPC, or its further range in network.furtherVpcCidrs',
        '  network.brokerSubnets[0].cidr: is 10.1.2.0/27; a /26 or larger is needed, since 32 of its addresses are planned for hosts',
        '  network.brokerSubnets[1].cidr: is "10.1.2.1/24"; an IPv4 range without host bits, such as 10.20.0.0/24, is allowed',
      ].join('\n'),
    );
  });
});
