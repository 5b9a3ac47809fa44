import { devices, hostLink, igwNamespace, interfaceNamespace, natLink } from './addresses';
import { addressAt, rangeOf } from '../ipv4';
import type { AttachedInterface } from './router';

/**
 * Shell scripts, run in the router's namespace, that make and remove its links. All may be run again on what is
 * there: after a restart the fabric takes over the links of running hosts.
 */

/** The namespace of an interface, its ens5 configured, and the router's end. */
export function hostLinkScript(networkInterface: AttachedInterface): string {
  const { interfaceId, mac } = networkInterface;
  const device = hostLink(interfaceId);
  const namespace = interfaceNamespace(interfaceId);
  return [
    `ip netns list | grep -qw ${namespace} || ip netns add ${namespace}`,
    `ip link show ${device} >/dev/null 2>&1 ||`,
    `  ip link add ${device} type veth peer name ${devices.host} address ${mac} netns ${namespace}`,
    // The router answers ARP for every other host, at once: hosts of a subnet share no link.
    `echo 1 > /proc/sys/net/ipv4/conf/${device}/proxy_arp`,
    `echo 0 > /proc/sys/net/ipv4/neigh/${device}/proxy_delay`,
    `ip link set ${device} up`,
    `ip -n ${namespace} link set lo up`,
    ...hostAddressLines(networkInterface),
  ].join('\n');
}

/** Brings a host's namespace to what it is at a boot: the primary address alone, none that a dead guest left. */
export function renewHostScript(networkInterface: AttachedInterface): string {
  const namespace = interfaceNamespace(networkInterface.interfaceId);
  return [
    `ip -n ${namespace} -4 address flush dev ${devices.host}`,
    `ip -n ${namespace} -4 address flush dev lo scope global`,
    ...hostAddressLines(networkInterface),
  ].join('\n');
}

export function natLinkScript(natGatewayId: string): string {
  const device = natLink(natGatewayId);
  return [
    `ip link show ${device} >/dev/null 2>&1 ||`,
    `  ip link add ${device} type veth peer name ${device} netns ${igwNamespace}`,
    `ip link set ${device} up`,
    `ip -n ${igwNamespace} link set ${device} up`,
  ].join('\n');
}

export function removeLinkScript(device: string): string {
  return `ip link show ${device} >/dev/null 2>&1 && ip link del ${device} || true`;
}

function hostAddressLines({ interfaceId, subnet, primaryAddress }: AttachedInterface): string[] {
  const namespace = interfaceNamespace(interfaceId);
  const { prefix } = rangeOf(subnet.cidr);
  return [
    `ip -n ${namespace} address replace ${primaryAddress}/${prefix} dev ${devices.host}`,
    `ip -n ${namespace} link set ${devices.host} up`,
    `ip -n ${namespace} route replace default via ${addressAt(subnet.cidr, 1)} dev ${devices.host}`,
  ];
}
