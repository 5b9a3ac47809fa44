import * as pulumi from '@pulumi/pulumi';
import { parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';
import type { Rule } from './rules';
import { range } from './rules';

/** What hosts of one kind may reach beside what they need themselves. */
export interface EgressRuleArgs {
  /** The port, 0 to 65535; 0 with lastPort 65535 and 0.0.0.0/0 is everything, so that EC2 tracks no client of a listener that is open to all. */
  port: number;
  /** The last one of a row of ports, `port` to 65535. @default `port` alone */
  lastPort?: number;
  /** The protocol. @default `tcp` */
  protocol?: 'tcp' | 'udp';
  /** The IPv4 range that is reached. */
  cidr: string;
}

/** How hosts of one kind are opened beyond what the platform needs. */
export interface OpeningArgs {
  /** Further security groups on the hosts' interfaces, by id: their rules add to the platform's. @default none */
  furtherSecurityGroupIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** What these hosts may reach beside each other, package repositories and AWS's API, such as a broker's database. @default none */
  egressRules?: EgressRuleArgs[];
}

/** The groups of an interface: the platform's own, then the user's. */
export function groupsOf(
  own: pulumi.Input<string>,
  { furtherSecurityGroupIds }: OpeningArgs,
): pulumi.Input<pulumi.Input<string>[]> {
  if (furtherSecurityGroupIds === undefined) return [own];
  return pulumi.all([own, furtherSecurityGroupIds]).apply(([first, further]) => [first, ...further]);
}

/** Checks the rules and makes them the firewall's; what is wrong goes to `problems` under `path`. */
export function planEgress(
  rules: readonly EgressRuleArgs[],
  path: string,
  problems: Problems,
): readonly Rule[] {
  if (problems.refuseOutputs(path, rules)) return [];
  return rules.map(({ port, lastPort = port, protocol = 'tcp', cidr }, index): Rule => {
    if (parseCidr(cidr) === undefined)
      problems.add(
        `${path}[${index}].cidr`,
        `is ${JSON.stringify(cidr)}; an IPv4 range such as 10.0.5.0/24 without host bits is allowed`,
      );
    problems.wholeNumber(`${path}[${index}].port`, port, 0, 65_535);
    problems.wholeNumber(`${path}[${index}].lastPort`, lastPort, port, 65_535);
    problems.oneOf(`${path}[${index}].protocol`, protocol, ['tcp', 'udp']);
    return {
      direction: 'to',
      what: { port, last: lastPort, ...(protocol === 'udp' ? { isUdp: true } : {}) },
      peer: range(cidr),
    };
  });
}
