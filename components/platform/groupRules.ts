import { balancerRules, rulesTowardsBrokers } from '../balancers/rules';
import { brokerRules } from '../brokers/rules';
import type { Rule } from '../host/rules';
import { labelOf, outboundWeb } from '../host/rules';
import { everywhere } from '../network/addresses';
import type { PlatformPlan } from './plan';

/** How many rules let something in to a security group, and out. */
export interface RuleCounts {
  readonly from: number;
  readonly to: number;
}

/** The rules that both groups of a platform will have: EC2 takes so many of a direction and no more. */
export function ruleCounts(plan: PlatformPlan): Readonly<Record<'balancers' | 'brokers', RuleCounts>> {
  const { pair, cluster, network, ssh, listeners } = plan;
  const { settings, publicAddresses } = pair;
  return {
    balancers: counts([
      ...balancerRules('balancers', ssh.allowedCidrs, settings.statsCidrs, settings.dashboard, listeners, [
        ...outboundWeb(publicAddresses ? [everywhere] : network.webCidrs),
        ...pair.egressRules,
      ]),
      ...rulesTowardsBrokers('brokers', listeners, cluster.encryption),
    ]),
    brokers: counts(
      brokerRules(
        'brokers',
        'balancers',
        {
          webCidrs: network.webCidrs,
          ...(ssh.via === 'balancers' ? {} : { sshCidrs: ssh.allowedCidrs }),
        },
        cluster,
      ),
    ),
  };
}

/** As they are made: one for each label. */
function counts(rules: readonly Rule[]): RuleCounts {
  const made = [...new Map(rules.map((rule) => [labelOf(rule), rule] as const)).values()];
  const of = (direction: Rule['direction']) => made.filter((rule) => rule.direction === direction).length;
  return { from: of('from'), to: of('to') };
}
