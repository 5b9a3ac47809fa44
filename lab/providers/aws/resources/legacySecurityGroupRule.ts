import type { IpPermission } from '@aws-sdk/client-ec2';
import { createHash } from 'node:crypto';
import { errorText, type Call } from '../call';
import { resource } from '../resource';
import { defaulted, flag, list, number, optional, output, required, text, type Values } from '../shape';

const replaces = true;
const inputs = {
  cidrBlocks: optional(list(text), { replaces }),
  description: optional(text),
  fromPort: required(number, { replaces }),
  ipv6CidrBlocks: optional(list(text), { replaces }),
  prefixListIds: optional(list(text), { replaces }),
  protocol: required(text, { replaces }),
  securityGroupId: required(text, { replaces }),
  self: defaulted(flag, false, { replaces }),
  sourceSecurityGroupId: optional(text, { replaces }),
  toPort: required(number, { replaces }),
  type: required(text, { replaces }),
};
type Inputs = Values<typeof inputs>;

/** The older form: one resource for several sources, known to EC2 only by what it says. */
export const securityGroupRule = resource({
  token: 'aws:ec2/securityGroupRule:SecurityGroupRule',
  inputs,
  outputs: { securityGroupRuleId: output(text) },
  check: ({ type }): Record<string, string> =>
    type === 'ingress' || type === 'egress'
      ? {}
      : { type: `is ${String(type)}; allowed are ingress and egress` },

  async create(call, wanted) {
    const ec2 = await call.ec2();
    const request = { GroupId: wanted.securityGroupId, IpPermissions: [permission(wanted)] };
    await call.propagated(/^InvalidGroup\.NotFound/, () =>
      wanted.type === 'ingress'
        ? ec2.authorizeSecurityGroupIngress(request)
        : ec2.authorizeSecurityGroupEgress(request),
    );
    const identity = JSON.stringify({ ...wanted, description: undefined });
    const hash = createHash('sha256').update(identity).digest().readUInt32BE(0);
    return `sgrule-${hash}`;
  },

  async read(call, _id, known) {
    if (known.securityGroupId === undefined || known.protocol === undefined) {
      throw new Error('the lab cannot import a SecurityGroupRule: use the Ingress- or EgressRule of aws.vpc');
    }
    // What was recorded is complete once a group is known.
    const wanted = known as Inputs;
    const found = await matching(call, wanted);
    if (found.length < sourcesOf(wanted).length) return undefined;
    return {
      description: found[0]?.Description,
      securityGroupRuleId: found.length === 1 ? found[0]?.SecurityGroupRuleId : undefined,
    };
  },

  async update(call, _id, { after }) {
    const ec2 = await call.ec2();
    const request = { GroupId: after.securityGroupId, IpPermissions: [permission(after)] };
    if (after.type === 'ingress') await ec2.updateSecurityGroupRuleDescriptionsIngress(request);
    else await ec2.updateSecurityGroupRuleDescriptionsEgress(request);
  },

  async delete(call, _id, known) {
    const wanted = known as Inputs;
    const ec2 = await call.ec2();
    const request = { GroupId: wanted.securityGroupId, IpPermissions: [permission(wanted)] };
    try {
      if (wanted.type === 'ingress') await ec2.revokeSecurityGroupIngress(request);
      else await ec2.revokeSecurityGroupEgress(request);
    } catch (error) {
      if (!/^InvalidPermission\.NotFound|^InvalidGroup\.NotFound/.test(errorText(error))) throw error;
    }
  },
});

function sourcesOf(wanted: Inputs): string[] {
  const { cidrBlocks = [], ipv6CidrBlocks = [], prefixListIds = [], sourceSecurityGroupId, self } = wanted;
  const groups = [
    ...(self ? [wanted.securityGroupId] : []),
    ...(sourceSecurityGroupId ? [sourceSecurityGroupId] : []),
  ];
  return [...cidrBlocks, ...ipv6CidrBlocks, ...prefixListIds, ...groups];
}

async function matching(call: Call, wanted: Inputs) {
  const Filters = [{ Name: 'group-id', Values: [wanted.securityGroupId] }];
  const rules = (await (await call.ec2()).describeSecurityGroupRules({ Filters })).SecurityGroupRules ?? [];
  const sources = sourcesOf(wanted);
  const anyPort = wanted.protocol === '-1';
  return rules.filter(
    (rule) =>
      rule.IsEgress === (wanted.type === 'egress') &&
      rule.IpProtocol === wanted.protocol &&
      (anyPort || (rule.FromPort === wanted.fromPort && rule.ToPort === wanted.toPort)) &&
      sources.includes(
        rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId ?? '',
      ),
  );
}

function permission(wanted: Inputs): IpPermission {
  const Description = wanted.description;
  const anyPort = wanted.protocol === '-1';
  const groups = sourcesOf({ ...wanted, cidrBlocks: [], ipv6CidrBlocks: [], prefixListIds: [] });
  return {
    IpProtocol: wanted.protocol,
    FromPort: anyPort ? undefined : wanted.fromPort,
    ToPort: anyPort ? undefined : wanted.toPort,
    IpRanges: wanted.cidrBlocks?.map((CidrIp) => ({ CidrIp, Description })),
    Ipv6Ranges: wanted.ipv6CidrBlocks?.map((CidrIpv6) => ({ CidrIpv6, Description })),
    PrefixListIds: wanted.prefixListIds?.map((PrefixListId) => ({ PrefixListId, Description })),
    UserIdGroupPairs: groups.map((GroupId) => ({ GroupId, Description })),
  };
}
