import type { Vpc } from '../model';
import { elasticIpNetwork, regionNetwork } from './addresses';
import { internetGatewayState } from './internetGateway';
import { overlaps } from '../ipv4';
import type { NamespaceState } from './namespaceState';
import { attachedInterfaces, routerState, type AttachedInterface } from './router';

/** All that the fabric makes for a VPC, as plain values. */
export interface NetworkPlan {
  readonly interfaces: ReadonlyMap<string, AttachedInterface>;
  readonly natGateways: ReadonlySet<string>;
  readonly router: NamespaceState;
  readonly internetGateway: NamespaceState;
  /** Elastic IPs with the private address of their holder. */
  readonly holders: ReadonlyMap<string, string>;
}

export function planNetwork(vpc: Vpc): NetworkPlan {
  refuseSharedRange(vpc);
  return {
    interfaces: new Map(attachedInterfaces(vpc).map((each) => [each.interfaceId, each])),
    natGateways: new Set(vpc.natGateways.map(({ natGatewayId }) => natGatewayId)),
    router: routerState(vpc),
    internetGateway: internetGatewayState(vpc),
    holders: new Map(vpc.elasticIps.map(({ publicIp, privateIp }) => [publicIp, privateIp])),
  };
}

function refuseSharedRange({ vpcId, cidr }: Vpc): void {
  const shared = [regionNetwork, elasticIpNetwork].find((network) => overlaps(network, cidr));
  if (shared === undefined) return;
  throw new Error(
    `fabric: ${vpcId} has the range ${cidr}, which overlaps ${shared}: the lab needs that for the region itself. ` +
      'Give the VPC another one, for example 10.20.0.0/16.',
  );
}
