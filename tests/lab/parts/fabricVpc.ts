import type { ElasticIp, NetworkInterface, SecurityGroup, Vpc } from '../../../lab/model';

const vip = { publicIp: '198.51.100.10', ofA: '10.20.0.20', ofB: '10.20.0.21' } as const;

/** Addresses of the VPC below: a and b in a public subnet, c and d in a private one. */
export const at = {
  a: '10.20.0.10',
  b: '10.20.0.11',
  c: '10.20.1.10',
  d: '10.20.1.11',
  publicA: '198.51.100.11',
  publicB: '198.51.100.12',
  nat: '198.51.100.13',
  vip: vip.publicIp,
  vipOfA: vip.ofA,
  vipOfB: vip.ofB,
  /** In no network: a route makes it known. */
  overlay: '192.168.77.1',
} as const;

export const ports = { open: 1883, closed: 1999, brokers: 18083 } as const;

export const everything = { protocol: '-1', fromPort: -1, toPort: -1, peer: { cidr: '0.0.0.0/0' } } as const;

/**
 * Two public and two private hosts. a and b (`sg-balancers`) take port 1883 from everywhere; c and d (`sg-brokers`)
 * port 18083 from members of sg-balancers. a also has the Elastic IP `vip`. No NAT gateway.
 */
export function exampleVpc(): Vpc {
  return {
    vpcId: 'vpc-test',
    cidr: '10.20.0.0/16',
    subnets: [
      { subnetId: 'subnet-public', cidr: '10.20.0.0/24', routeTableId: 'rtb-public' },
      { subnetId: 'subnet-private', cidr: '10.20.1.0/24', routeTableId: 'rtb-private' },
    ],
    routeTables: [
      {
        routeTableId: 'rtb-public',
        routes: [{ destination: '0.0.0.0/0', target: { kind: 'internetGateway' } }],
      },
      { routeTableId: 'rtb-private', routes: [] },
    ],
    interfaces: [
      host('a', 'subnet-public', [at.a, at.vipOfA], 'sg-balancers'),
      host('b', 'subnet-public', [at.b, at.vipOfB], 'sg-balancers'),
      host('c', 'subnet-private', [at.c], 'sg-brokers'),
      host('d', 'subnet-private', [at.d], 'sg-brokers'),
    ],
    elasticIps: [
      { publicIp: at.publicA, privateIp: at.a, interfaceId: interfaceIdOf('a') },
      { publicIp: at.publicB, privateIp: at.b, interfaceId: interfaceIdOf('b') },
      vipOn('a'),
    ],
    natGateways: [],
    securityGroups: [
      {
        groupId: 'sg-balancers',
        ingress: [{ protocol: 'tcp', fromPort: ports.open, toPort: ports.open, peer: { cidr: '0.0.0.0/0' } }],
        egress: [everything],
      },
      {
        groupId: 'sg-brokers',
        ingress: [
          {
            protocol: 'tcp',
            fromPort: ports.brokers,
            toPort: ports.brokers,
            peer: { groupId: 'sg-balancers' },
          },
        ],
        egress: [everything],
      },
    ],
  };
}

export function interfaceIdOf(name: string): string {
  return `eni-0f0f0f0f0f0f0000${name}`;
}

export function vipOn(name: 'a' | 'b'): ElasticIp {
  return {
    publicIp: vip.publicIp,
    privateIp: name === 'a' ? vip.ofA : vip.ofB,
    interfaceId: interfaceIdOf(name),
  };
}

export function withVipOn(vpc: Vpc, name: 'a' | 'b'): Vpc {
  const others = vpc.elasticIps.filter(({ publicIp }) => publicIp !== vip.publicIp);
  return { ...vpc, elasticIps: [...others, vipOn(name)] };
}

/** With a NAT gateway for the private subnet. */
export function withNat(vpc: Vpc): Vpc {
  return {
    ...vpc,
    natGateways: [{ natGatewayId: 'nat-00000000000000001', subnetId: 'subnet-public', publicIp: at.nat }],
    routeTables: vpc.routeTables.map((table) =>
      table.routeTableId === 'rtb-private'
        ? {
            ...table,
            routes: [
              {
                destination: '0.0.0.0/0',
                target: { kind: 'natGateway', natGatewayId: 'nat-00000000000000001' },
              },
            ],
          }
        : table,
    ),
  };
}

/** With a route to `overlay` by way of a host, in both route tables. */
export function withOverlayOn(vpc: Vpc, name: string): Vpc {
  const route = {
    destination: `${at.overlay}/32`,
    target: { kind: 'networkInterface', interfaceId: interfaceIdOf(name) },
  } as const;
  return {
    ...vpc,
    routeTables: vpc.routeTables.map((table) => ({ ...table, routes: [...table.routes, route] })),
  };
}

export function withInterface(vpc: Vpc, name: string, change: Partial<NetworkInterface>): Vpc {
  const interfaces = vpc.interfaces.map((each) =>
    each.interfaceId === interfaceIdOf(name) ? { ...each, ...change } : each,
  );
  return { ...vpc, interfaces };
}

/** The same interface, attached to nothing. */
export function detached(networkInterface: NetworkInterface): NetworkInterface {
  const { interfaceId, subnetId, mac, addresses, sourceDestCheck, securityGroupIds } = networkInterface;
  return { interfaceId, subnetId, mac, addresses, sourceDestCheck, securityGroupIds };
}

export function withGroup(vpc: Vpc, groupId: string, change: Partial<SecurityGroup>): Vpc {
  const securityGroups = vpc.securityGroups.map((each) =>
    each.groupId === groupId ? { ...each, ...change } : each,
  );
  return { ...vpc, securityGroups };
}

export function host(
  name: string,
  subnetId: string,
  addresses: readonly string[],
  securityGroupId: string,
): NetworkInterface {
  return {
    interfaceId: interfaceIdOf(name),
    subnetId,
    mac: `02:00:00:00:00:0${name}`,
    addresses,
    sourceDestCheck: true,
    securityGroupIds: [securityGroupId],
    instanceId: `i-${name}`,
  };
}
