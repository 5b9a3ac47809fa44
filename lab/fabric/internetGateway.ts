import type { Vpc } from '../model';
import {
  apiAddress,
  devices,
  hostApiPorts,
  metadataService,
  natLink,
  natLinkPrefix,
  resolverService,
  routerTransitAddress,
} from './addresses';
import { element, type NamespaceState } from './namespaceState';

const routingProtocol = 'proto 250';
const natLinks = `"${natLinkPrefix}*"`;

/** The internet gateway for a VPC: which Elastic IP is which private address, which NAT gateway has which. */
export function internetGatewayState(vpc: Vpc): NamespaceState {
  // A server of the region that listens on all addresses answers from the one that was asked.
  const toVpc = `${vpc.cidr} via ${routerTransitAddress} dev ${devices.igwToRouter} src ${apiAddress}`;
  return {
    ip: new Map([[`route del ${toVpc}`, `route replace ${toVpc} ${routingProtocol}`]]),
    elements: new Map([
      ...vpc.elasticIps.flatMap(({ publicIp, privateIp }) => [
        element('ip igw privateAddresses', publicIp, privateIp),
        element('ip igw publicAddresses', privateIp, publicIp),
        element('ip igw associated', privateIp),
      ]),
      ...vpc.natGateways.map(({ natGatewayId, publicIp }) =>
        element('ip igw natAddresses', `"${natLink(natGatewayId)}"`, publicIp),
      ),
    ]),
    chains: new Map(),
    sets: new Map(),
  };
}

/** A shell script that brings the internet gateway from any state to the one with no VPC. */
export function internetGatewayResetScript(): string {
  return [
    `nft -f - <<'END'`,
    internetGatewayRules(),
    'END',
    `ip -4 route flush table all ${routingProtocol}`,
  ].join('\n');
}

/**
 * A shell script that forgets the tracked connections between an Elastic IP and a private address, in both
 * directions: the next packet of each goes to the present holder, who knows nothing of it and resets it.
 */
export function forgetConnectionsScript(publicIp: string, privateIp: string): string {
  // conntrack says 1 when there was none.
  return [
    `conntrack -D -f ipv4 --orig-dst ${publicIp} --reply-src ${privateIp} >/dev/null || [ $? = 1 ]`,
    `conntrack -D -f ipv4 --orig-src ${privateIp} --reply-dst ${publicIp} >/dev/null || [ $? = 1 ]`,
  ].join('\n');
}

function internetGatewayRules(): string {
  const { runner, router } = { runner: `"${devices.igwToRunner}"`, router: `"${devices.igwToRouter}"` };
  const servicePorts = `{ ${metadataService.servedOn}, ${resolverService.servedOn} }`;
  const apiPorts = `{ ${hostApiPorts.join(', ')} }`;
  return `
add table ip igw
delete table ip igw

table ip igw {
  map privateAddresses { type ipv4_addr : ipv4_addr; }
  map publicAddresses { type ipv4_addr : ipv4_addr; }
  set associated { type ipv4_addr; }
  map natAddresses { type ifname : ipv4_addr; }

  chain destinations {
    type nat hook prerouting priority dstnat; policy accept;
    dnat to ip daddr map @privateAddresses
  }

  chain sources {
    type nat hook postrouting priority srcnat; policy accept;
    iifname ${natLinks} snat to iifname map @natAddresses
    iifname ${router} snat to ip saddr map @publicAddresses
  }

  # What is for the region itself passes no postrouting.
  chain sourcesToRegion {
    type nat hook input priority 100; policy accept;
    # Metadata and resolver know a host by its private address.
    meta l4proto { tcp, udp } th dport ${servicePorts} accept
    iifname ${natLinks} snat to iifname map @natAddresses
    iifname ${router} snat to ip saddr map @publicAddresses
  }

  chain region {
    type filter hook input priority filter; policy drop;
    iifname { "lo", ${runner} } accept
    ct state established,related accept
    ip daddr != ${apiAddress} drop
    iifname ${router} meta l4proto { tcp, udp } th dport ${servicePorts} accept
    iifname ${router} ip saddr != @associated drop
    tcp dport ${apiPorts} accept
    icmp type echo-request accept
  }

  # The runner is a client: no host opens a connection to it.
  chain forwarding {
    type filter hook forward priority filter; policy drop;
    ct state invalid drop
    ct state established,related accept
    oifname ${router} ct status dnat iifname { ${runner}, ${natLinks} } accept
    oifname ${router} ct status dnat iifname ${router} ip saddr @associated accept
  }
}`;
}
