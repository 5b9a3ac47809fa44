import type { IpPermission, SecurityGroupRule } from '@aws-sdk/client-ec2';
import { present, type Call } from '../call';
import { resource, type ResourceType } from '../resource';
import { number, optional, output, required, text, type Values } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';

const sources = ['cidrIpv4', 'cidrIpv6', 'prefixListId', 'referencedSecurityGroupId'] as const;

const inputs = {
  cidrIpv4: optional(text),
  cidrIpv6: optional(text),
  description: optional(text),
  fromPort: optional(number),
  ipProtocol: required(text),
  prefixListId: optional(text),
  referencedSecurityGroupId: optional(text),
  securityGroupId: required(text, { replaces: true }),
  toPort: optional(number),
};

export const securityGroupIngressRule = rule('ingress');
export const securityGroupEgressRule = rule('egress');

/** One rule with one source (or destination): what it says may change in place. */
function rule(direction: 'ingress' | 'egress'): ResourceType {
  const name = direction === 'ingress' ? 'Ingress' : 'Egress';
  return resource({
    token: `aws:vpc/securityGroup${name}Rule:SecurityGroup${name}Rule`,
    inputs,
    outputs: { arn: output(text), securityGroupRuleId: output(text) },
    tagging: ec2Tagging,
    check: (given): Record<string, string> => {
      const named = sources.filter((source) => given[source] !== undefined);
      return named.length === 1
        ? {}
        : { cidrIpv4: `a rule needs one of ${sources.join(', ')}; given are ${named.join(', ') || 'none'}` };
    },

    async create(call, wanted) {
      const ec2 = await call.ec2();
      const request = {
        GroupId: wanted.securityGroupId,
        IpPermissions: [permission(wanted)],
        TagSpecifications: tagSpecifications('security-group-rule', call.tags),
      };
      const made = await call.propagated(/^InvalidGroup\.NotFound/, () =>
        direction === 'ingress'
          ? ec2.authorizeSecurityGroupIngress(request)
          : ec2.authorizeSecurityGroupEgress(request),
      );
      return present(made.SecurityGroupRules?.[0]?.SecurityGroupRuleId, "the rule's id");
    },

    async read(call, id) {
      const found = await findRule(call, id);
      if (found === undefined) return undefined;
      const anyPort = found.IpProtocol === '-1';
      return {
        cidrIpv4: found.CidrIpv4,
        cidrIpv6: found.CidrIpv6,
        description: found.Description,
        fromPort: anyPort ? undefined : found.FromPort,
        ipProtocol: found.IpProtocol,
        prefixListId: found.PrefixListId,
        referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
        securityGroupId: found.GroupId,
        toPort: anyPort ? undefined : found.ToPort,
        arn:
          found.SecurityGroupRuleArn ??
          `arn:aws:ec2:${call.region}:${found.GroupOwnerId ?? ''}:security-group-rule/${id}`,
        securityGroupRuleId: id,
        tags: tagMap(found.Tags),
      };
    },

    async update(call, id, { after }) {
      await (
        await call.ec2()
      ).modifySecurityGroupRules({
        GroupId: after.securityGroupId,
        SecurityGroupRules: [
          {
            SecurityGroupRuleId: id,
            SecurityGroupRule: {
              IpProtocol: after.ipProtocol,
              FromPort: after.fromPort ?? -1,
              ToPort: after.toPort ?? -1,
              CidrIpv4: after.cidrIpv4,
              CidrIpv6: after.cidrIpv6,
              PrefixListId: after.prefixListId,
              ReferencedGroupId: after.referencedSecurityGroupId,
              Description: after.description,
            },
          },
        ],
      });
    },

    async delete(call, id, { securityGroupId }) {
      const request = { GroupId: securityGroupId, SecurityGroupRuleIds: [id] };
      const ec2 = await call.ec2();
      if (direction === 'ingress') await ec2.revokeSecurityGroupIngress(request);
      else await ec2.revokeSecurityGroupEgress(request);
    },
  });
}

/** EC2 answers for rules that are gone with an error or with nothing. */
export async function findRule(call: Call, id: string): Promise<SecurityGroupRule | undefined> {
  const found = await (await call.ec2()).describeSecurityGroupRules({ SecurityGroupRuleIds: [id] });
  return found.SecurityGroupRules?.find((one) => one.SecurityGroupRuleId === id);
}

function permission(wanted: Values<typeof inputs>): IpPermission {
  const Description = wanted.description;
  return {
    IpProtocol: wanted.ipProtocol,
    FromPort: wanted.fromPort,
    ToPort: wanted.toPort,
    ...(wanted.cidrIpv4 === undefined ? {} : { IpRanges: [{ CidrIp: wanted.cidrIpv4, Description }] }),
    ...(wanted.cidrIpv6 === undefined ? {} : { Ipv6Ranges: [{ CidrIpv6: wanted.cidrIpv6, Description }] }),
    ...(wanted.prefixListId === undefined
      ? {}
      : { PrefixListIds: [{ PrefixListId: wanted.prefixListId, Description }] }),
    ...(wanted.referencedSecurityGroupId === undefined
      ? {}
      : { UserIdGroupPairs: [{ GroupId: wanted.referencedSecurityGroupId, Description }] }),
  };
}
