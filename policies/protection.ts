import type { Finding, Seen } from './seen';
import { stackOf } from './seen';

/** What outlives hosts and cannot be made again as it was. */
const kept = [
  'aws:ebs/volume:Volume',
  'aws:ec2/networkInterface:NetworkInterface',
  'aws:ec2/eip:Eip',
  'aws:secretsmanager/secret:Secret',
];

/** In stacks of production nothing that keeps data or addresses is deleted by mistake. */
export function protectedInProduction(
  { type, name, urn, isProtected }: Seen,
  production: readonly string[],
): readonly Finding[] {
  const stack = stackOf(urn);
  if (!production.includes(stack) || !kept.includes(type) || isProtected) return [];
  // Programs come with each release, and are no secret.
  if (/-programs(-\d+)?$/.test(name)) return [];
  return [{ urn, reason: `is not protected in the stack ${stack}; give the platform protect: true` }];
}
