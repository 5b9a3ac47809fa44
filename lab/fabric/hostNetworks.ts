import { devices, elasticIpNetwork, regionNetwork } from './addresses';
import { overlaps } from '../ipv4';

/** A network device of this machine, as `ip -4 -json address` prints it. */
export interface HostDevice {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** Throws when this machine is itself on a network that the lab needs: it would lose its neighbours there. */
export function refuseHostNetworks(hostDevices: readonly HostDevice[]): void {
  for (const { ifname, addr_info: addresses } of hostDevices) {
    if (ifname === devices.runner) continue;
    for (const { local, prefixlen } of addresses) {
      if (local === undefined || prefixlen === undefined) continue;
      refuseHostNetwork(ifname, `${local}/${prefixlen}`);
    }
  }
}

function refuseHostNetwork(device: string, own: string): void {
  const shared = [regionNetwork, elasticIpNetwork].find((network) => overlaps(network, own));
  if (shared === undefined) return;
  throw new Error(
    `fabric: this machine is itself on the lab's network ${shared}: ${device} has ${own}. The lab needs ` +
      `${regionNetwork} and ${elasticIpNetwork} for itself. Take that address away (ip address del ${own} dev ` +
      `${device}) or run the lab on another machine.`,
  );
}
