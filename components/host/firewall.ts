import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import type { Rule } from './rules';
import { labelOf } from './rules';

/** A security group with no rule of its own: rules are resources, so that two groups can name each other. */
export function securityGroup(
  name: string,
  vpcId: pulumi.Input<string>,
  description: string,
  tags: Tags,
  parent: pulumi.Resource,
): aws.ec2.SecurityGroup {
  return new aws.ec2.SecurityGroup(name, { vpcId, description, tags: { ...tags, Name: name } }, { parent });
}

/**
 * Makes the rules of a group; each is named by what it lets through, so that a diff reads by itself, and EC2 is not asked
 * for the same one twice. Rules carry tags of their own: accounts may demand them.
 */
export function allow(
  name: string,
  securityGroupId: pulumi.Input<string>,
  rules: readonly Rule[],
  tags: Tags,
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  const named = new Map(rules.map((rule) => [labelOf(rule), rule] as const));
  return [...named].map(([suffix, { direction, what, peer }]) => {
    const args = {
      securityGroupId,
      ...('port' in what
        ? {
            ipProtocol: what.isUdp === true ? 'udp' : 'tcp',
            fromPort: what.port,
            toPort: what.last ?? what.port,
          }
        : { ipProtocol: what.protocol }),
      ...('cidr' in peer ? { cidrIpv4: peer.cidr } : { referencedSecurityGroupId: peer.groupId }),
      tags: { ...tags, Name: `${name}-${suffix}` },
    };
    return direction === 'from'
      ? new aws.vpc.SecurityGroupIngressRule(`${name}-${suffix}`, args, { parent })
      : new aws.vpc.SecurityGroupEgressRule(`${name}-${suffix}`, args, { parent });
  });
}
