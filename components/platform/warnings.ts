import type { PlatformPlan } from './plan';

/** What is allowed, and may still not go as wished on AWS: told in each preview. */
export function warningsOf(plan: PlatformPlan): readonly string[] {
  return [...ofVirtualIp(plan)];
}

function ofVirtualIp({ virtualIp }: PlatformPlan): readonly string[] {
  if (virtualIp.mode !== 'privateIp' || virtualIp.isReserved) return [];
  return [
    `virtualIp.address: ${virtualIp.address}/32 is reserved in the subnet, and nowhere does AWS say that it takes so small a reservation; if it does not, give the third address of the block that is planned for hosts, which has its reservation`,
  ];
}
