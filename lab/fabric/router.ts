import { createHash } from 'node:crypto';
import type { NetworkInterface, Route, RouteTable, Subnet, Vpc } from '../model';
import {
  apiAddress,
  devices,
  hostLink,
  hostLinkPrefix,
  igwTransitAddress,
  metadataService,
  natLink,
  resolverService,
} from './addresses';
import { addressAt } from '../ipv4';
import { element, type NamespaceState } from './namespaceState';
import { groupSet, interfaceRules, knownGroupIds, type Direction } from './securityGroups';

/** Marks packets to instance metadata and resolver: no security group and no route table judges them. */
const serviceMark = 1;
/** The protocol number of VRRP. */
const vrrp = 112;
const serviceTable = 99;
const firstRouteTable = 1000;
/** Routing protocol of every route that the fabric makes, so that all can be found and removed. */
const routingProtocol = 'proto 250';
const lastMetric = 4_000_000_000;
const hostLinks = `"${hostLinkPrefix}*"`;

/** An interface that has a namespace and takes part in the network. */
export type AttachedInterface = NetworkInterface & {
  readonly subnet: Subnet;
  readonly primaryAddress: string;
};

export function attachedInterfaces(vpc: Vpc): AttachedInterface[] {
  return vpc.interfaces.flatMap((networkInterface) => {
    const subnet = vpc.subnets.find(({ subnetId }) => subnetId === networkInterface.subnetId);
    const [primaryAddress] = networkInterface.addresses;
    if (networkInterface.instanceId === undefined || subnet === undefined || primaryAddress === undefined)
      return [];
    return [{ ...networkInterface, subnet, primaryAddress }];
  });
}

/** The router for a VPC: where each address is, what each subnet's route table says, who may talk to whom. */
export function routerState(vpc: Vpc): NamespaceState {
  const attached = attachedInterfaces(vpc);
  return {
    ip: new Map([
      ...ownAddresses(vpc).map(ownAddress),
      ...vpcRange(vpc),
      ...attached.flatMap(locations),
      ...attached.map(subnetPolicy),
      ...vpc.routeTables.flatMap((table) => tableRoutes(table, attached)),
    ]),
    elements: new Map([
      element('ip vpc resolvers', addressAt(vpc.cidr, resolverService.offset)),
      ...attached.flatMap(interfaceElements),
    ]),
    chains: new Map(
      attached.flatMap((each) =>
        directions.map((direction): [string, string[]] => [
          `ip vpc ${chainName(each, direction)}`,
          interfaceRules(each, vpc.securityGroups, direction),
        ]),
      ),
    ),
    sets: new Map(
      knownGroupIds(vpc.securityGroups).map((groupId) => [`ip vpc ${groupSet(groupId)}`, 'ipv4_addr']),
    ),
  };
}

/** A shell script that brings the router from any state to the one with no VPC; links of hosts stay. */
export function routerResetScript(): string {
  return [
    `nft -f - <<'END'`,
    routerRules(),
    'END',
    'ip -4 rule flush',
    `ip -4 route flush table all ${routingProtocol}`,
    'ip -4 neigh flush nud permanent',
    'ip -4 address flush dev lo scope global',
    `ip -4 rule add priority 100 fwmark ${serviceMark} lookup ${serviceTable}`,
    `ip -4 route replace default via ${igwTransitAddress} dev ${devices.routerToIgw} onlink table ${serviceTable} ${routingProtocol}`,
  ].join('\n');
}

const directions: readonly Direction[] = ['ingress', 'egress'];

/** The router answers for each subnet's .1; for the services' addresses it has to answer ARP at least. */
function ownAddresses(vpc: Vpc): string[] {
  return [
    metadataService.address,
    resolverService.address,
    addressAt(vpc.cidr, resolverService.offset),
    ...vpc.subnets.map(({ cidr }) => addressAt(cidr, 1)),
  ];
}

function ownAddress(address: string): [string, string] {
  return [`address del ${address}/32 dev lo`, `address replace ${address}/32 dev lo`];
}

/** Inside the VPC an address is where the API says, or nowhere, whatever a route table says. */
function vpcRange({ cidr }: Vpc): [string, string][] {
  const hole = `blackhole ${cidr} metric ${lastMetric}`;
  const policy = `priority 200 to ${cidr} lookup main`;
  return [
    [`route del ${hole}`, `route replace ${hole} ${routingProtocol}`],
    [`rule del ${policy}`, `rule add ${policy}`],
  ];
}

/**
 * As on EC2 the network knows whose an address is and asks no host: packets to any of an interface's addresses go to
 * its MAC, also when the host has not (or not yet) taken a secondary one.
 */
function locations({ interfaceId, mac, addresses, primaryAddress }: AttachedInterface): [string, string][] {
  const device = hostLink(interfaceId);
  return [
    [
      `neigh del ${primaryAddress} dev ${device}`,
      `neigh replace ${primaryAddress} lladdr ${mac} nud permanent dev ${device}`,
    ],
    ...addresses.map((address): [string, string] => [
      `route del ${address}/32`,
      `route replace ${address}/32 via ${primaryAddress} dev ${device} onlink ${routingProtocol}`,
    ]),
  ];
}

function subnetPolicy({ interfaceId, subnet }: AttachedInterface): [string, string] {
  const policy = `priority 300 iif ${hostLink(interfaceId)} lookup ${tableNumber(subnet.routeTableId)}`;
  return [`rule del ${policy}`, `rule add ${policy}`];
}

/** The same for the same table always, so that a change of one leaves the others alone. */
function tableNumber(routeTableId: string): number {
  return firstRouteTable + (createHash('sha256').update(routeTableId).digest().readUInt32BE() % 2 ** 30);
}

function tableRoutes(
  { routeTableId, routes }: RouteTable,
  attached: readonly AttachedInterface[],
): [string, string][] {
  const table = tableNumber(routeTableId);
  const last = `unreachable default table ${table} metric ${lastMetric}`;
  return [
    [`route del ${last}`, `route replace ${last} ${routingProtocol}`],
    ...routes
      .filter(({ destination }) => !destination.includes(':'))
      .map(({ destination, target }): [string, string] => {
        const where = `table ${table} metric 1`;
        const next = nextHop(target, attached);
        // A route's kind is part of what removes it: `blackhole` is none that has a device.
        const kind = next === undefined ? 'blackhole' : 'unicast';
        return [
          `route del ${kind} ${destination} ${where}`,
          `route replace ${kind} ${destination} ${next ?? ''} ${where} ${routingProtocol}`,
        ];
      }),
  ];
}

/** Undefined when the target takes no packets, as an interface that is attached to nothing. */
function nextHop(target: Route['target'], attached: readonly AttachedInterface[]): string | undefined {
  switch (target.kind) {
    case 'internetGateway':
      return `via ${igwTransitAddress} dev ${devices.routerToIgw} onlink`;
    case 'natGateway':
      return `via ${igwTransitAddress} dev ${natLink(target.natGatewayId)} onlink`;
    case 'networkInterface': {
      const found = attached.find(({ interfaceId }) => interfaceId === target.interfaceId);
      return found && `via ${found.primaryAddress} dev ${hostLink(found.interfaceId)} onlink`;
    }
    default:
      return target satisfies never;
  }
}

function interfaceElements(networkInterface: AttachedInterface): [string, string][] {
  const { interfaceId, addresses, securityGroupIds, sourceDestCheck } = networkInterface;
  const device = `"${hostLink(interfaceId)}"`;
  return [
    ...addresses.map((address) => element('ip vpc holders', `${device} . ${address}`)),
    ...(sourceDestCheck ? [] : [element('ip vpc unchecked', device)]),
    ...securityGroupIds.flatMap((groupId) =>
      addresses.map((address) => element(`ip vpc ${groupSet(groupId)}`, address)),
    ),
    ...directions.map((direction) =>
      element(`ip vpc ${direction}`, device, `jump ${chainName(networkInterface, direction)}`),
    ),
  ];
}

function chainName({ interfaceId }: NetworkInterface, direction: Direction): string {
  return `${direction}-${interfaceId}`;
}

function routerRules(): string {
  const servicePorts = `{ ${metadataService.servedOn}, ${resolverService.servedOn} }`;
  return `
add table ip vpc
delete table ip vpc
add table arp vpc
delete table arp vpc

table ip vpc {
  set cut { type ifname; }
  set cutVrrp { type ifname; }
  set cutPairs { type ifname . ifname; }
  # An interface and the addresses that it may send from and be sent to; \`unchecked\` are free of it.
  set holders { type ifname . ipv4_addr; }
  set unchecked { type ifname; }
  set resolvers {
    type ipv4_addr
    elements = { ${resolverService.address} }
  }
  map ingress { type ifname : verdict; }
  map egress { type ifname : verdict; }

  chain sources {
    type filter hook prerouting priority raw; policy accept;
    iifname @cut drop
    iifname @cutVrrp ip protocol ${vrrp} drop
    iifname ${hostLinks} iifname . ip saddr != @holders iifname != @unchecked drop
  }

  chain services {
    type filter hook prerouting priority mangle; policy accept;
    iifname ${hostLinks} ip daddr ${metadataService.address} tcp dport ${metadataService.port} meta mark set ${serviceMark}
    iifname ${hostLinks} ip daddr @resolvers meta l4proto { tcp, udp } th dport ${resolverService.port} meta mark set ${serviceMark}
  }

  chain serviceAddresses {
    type nat hook prerouting priority dstnat; policy accept;
    meta mark ${serviceMark} ip daddr ${metadataService.address} meta l4proto tcp dnat to ${apiAddress}:${metadataService.servedOn}
    meta mark ${serviceMark} ip daddr @resolvers meta l4proto { tcp, udp } dnat to ${apiAddress}:${resolverService.servedOn}
  }

  chain forwarding {
    type filter hook forward priority filter; policy drop;
    oifname @cut drop
    oifname @cutVrrp ip protocol ${vrrp} drop
    iifname . oifname @cutPairs drop
    oifname ${hostLinks} oifname . ip daddr != @holders oifname != @unchecked drop
    meta mark ${serviceMark} accept
    ip daddr ${apiAddress} meta l4proto { tcp, udp } th dport ${servicePorts} drop
    ct state established,related accept
    # A chain of an interface drops what its groups do not allow, and returns otherwise.
    iifname vmap @egress
    oifname vmap @ingress
    accept
  }

  chain local {
    type filter hook input priority filter; policy drop;
  }
}

# A pulled cable carries no ARP either.
table arp vpc {
  set cut { type ifname; }
  chain in {
    type filter hook input priority filter; policy accept;
    iifname @cut drop
  }
  chain out {
    type filter hook output priority filter; policy accept;
    oifname @cut drop
  }
}`;
}
