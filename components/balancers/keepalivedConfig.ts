import { render } from '../rendering/template';
import type { BalancerView } from './view';

/** keepalived.conf: unicast VRRPv3, which a VPC carries where it carries no multicast. */
export function keepalivedConfig(view: BalancerView): string {
  const { interface: name, routerId, advertIntervalMs, priority, preempt } = view.keepalived;
  if (advertIntervalMs < 10) {
    throw new Error(
      `keepalived.advertIntervalMs is ${advertIntervalMs}; allowed: 10 or more, as VRRPv3 counts`,
    );
  }
  if (routerId < 1 || routerId > 255) {
    throw new Error(`keepalived.routerId is ${routerId}; allowed: 1 to 255, the same on both balancers`);
  }
  return render('balancer/keepalived.conf', {
    platform: view.platform,
    name: view.name,
    givenInterface: name === undefined ? false : { name },
    routerId,
    priority,
    preempt,
    // VRRPv3 counts in hundredths of a second.
    advertSeconds: Math.round(advertIntervalMs / 10) / 100,
    address: view.address,
    others: view.pair.filter((peer) => peer.address !== view.address).map((peer) => peer.address),
    ...heldAddresses(view),
  });
}

/** What the active balancer answers to; an Elastic IP itself never appears on a host. */
function heldAddresses({ virtualIp, keepalived }: BalancerView) {
  return virtualIp.mode === 'elasticIp'
    ? { advertised: `127.112.0.${keepalived.routerId}`, ownAddress: { address: virtualIp.privateAddress } }
    : { advertised: virtualIp.address, ownAddress: false };
}
