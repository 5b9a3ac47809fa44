import type { Problems } from '../rendering/problems';

/** What AWS grants an account in a region until asked for more. */
export const defaultElasticIpQuota = 5;

/** Elastic IPs that a platform makes, by what for. */
export interface ElasticIpNeeds {
  readonly virtualIp: number;
  readonly balancers: number;
  readonly natGateways: number;
}

/** AWS refuses one Elastic IP too many in the middle of an `up`: refused here, before anything is touched. */
export function checkElasticIps(
  needs: ElasticIpNeeds,
  quota: number,
  path: string,
  problems: Problems,
): void {
  problems.wholeNumber(path, quota, 0, 10_000, 'Elastic IPs');
  const { virtualIp, balancers, natGateways } = needs;
  const sum = virtualIp + balancers + natGateways;
  if (sum <= quota) return;
  problems.add(
    path,
    `is ${quota}, and ${sum} Elastic IPs are needed (${virtualIp} for the virtual IP + ${balancers} for the balancers + ${natGateways} for NAT gateways); have AWS raise the region's quota and give it here, or need fewer: network.nat: single, virtualIp.mode: route, or an allocationId of yours`,
  );
}
