import type { BalancerView, VirtualIpView } from './model';
import { render } from './template';

/** keepalived.conf: unicast VRRPv3, which a VPC carries where it carries no multicast. */
export function keepalivedConfig(view: BalancerView): string {
  const { interface: name, routerId, advertIntervalMs, priority, preempt } = view.keepalived;
  if (advertIntervalMs < 10) {
    throw new Error(`keepalived.advertIntervalMs is ${advertIntervalMs}; allowed: 10 or more, as VRRPv3 counts`);
  }
  return render('keepalived.conf', {
    platform: view.platform,
    name: view.name,
    interface: name,
    routerId,
    priority,
    preempt,
    // VRRPv3 counts in hundredths of a second.
    advertSeconds: Math.round(advertIntervalMs / 10) / 100,
    address: view.address,
    others: view.pair.filter((peer) => peer.address !== view.address).map((peer) => peer.address),
    virtualAddress: heldAddress(view.virtualIp),
  });
}

/** What the active balancer answers to; the Elastic IP itself never appears on a host. */
function heldAddress(virtualIp: VirtualIpView): string {
  return virtualIp.mode === 'elasticIp' ? virtualIp.privateAddress : virtualIp.address;
}
