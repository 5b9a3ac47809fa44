import type { IpPermission } from '@aws-sdk/client-ec2';
import { present, type Call } from '../call';
import { resource } from '../resource';
import {
  canonical,
  chosen,
  defaulted,
  flag,
  list,
  number,
  object,
  optional,
  output,
  required,
  set,
  text,
  type Value,
  type Values,
} from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

const inlineRule = {
  cidrBlocks: optional(list(text)),
  ipv6CidrBlocks: optional(list(text)),
  prefixListIds: optional(list(text)),
  securityGroups: optional(set(text)),
  self: defaulted(flag, false),
  description: optional(text),
  protocol: required(text),
  fromPort: required(number),
  toPort: required(number),
};
type InlineRule = Values<typeof inlineRule>;
type Direction = 'ingress' | 'egress';

export const securityGroup = resource({
  token: 'aws:ec2/securityGroup:SecurityGroup',
  inputs: {
    description: defaulted(text, 'Managed by Pulumi', { replaces: true }),
    egress: chosen(set(object(inlineRule))),
    ingress: chosen(set(object(inlineRule))),
    name: chosen(text, { replaces: true, autoName: { maxLength: 255 } }),
    namePrefix: optional(text, { replaces: true }),
    revokeRulesOnDelete: defaulted(flag, false),
    vpcId: chosen(text, { replaces: true }),
  },
  outputs: { arn: output(text), ownerId: output(text) },
  tagging: ec2Tagging,

  async create(call, inputs) {
    const ec2 = await call.ec2();
    const made = await call.propagated(/^InvalidVpcID\.NotFound/, () =>
      ec2.createSecurityGroup({
        GroupName: inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`,
        Description: inputs.description,
        VpcId: inputs.vpcId,
        TagSpecifications: tagSpecifications('security-group', call.tags),
      }),
    );
    const id = present(made.GroupId, "the security group's id");
    // EC2 lets a new group send anywhere; as the official provider does it, nothing is open but what is asked for.
    const found = await call.propagated(/^InvalidGroup\.NotFound/, () => findGroup(call, id));
    const open = found?.IpPermissionsEgress ?? [];
    if (open.length > 0) await ec2.revokeSecurityGroupEgress({ GroupId: id, IpPermissions: open });
    return id;
  },

  async settle(call, id, { ingress = [], egress = [] }) {
    const found = await findGroup(call, id);
    await setRules(call, id, 'ingress', inlineRules(found?.IpPermissions, id), ingress);
    await setRules(call, id, 'egress', inlineRules(found?.IpPermissionsEgress, id), egress);
  },

  async read(call, id) {
    const found = await findGroup(call, id);
    if (found === undefined) return undefined;
    return {
      description: found.Description,
      egress: inlineRules(found.IpPermissionsEgress, id),
      ingress: inlineRules(found.IpPermissions, id),
      name: found.GroupName,
      vpcId: found.VpcId,
      arn: found.SecurityGroupArn ?? ec2Arn(call, found.OwnerId, 'security-group', id),
      ownerId: found.OwnerId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, change) {
    const { before, after } = change;
    if (change.has('ingress')) await setRules(call, id, 'ingress', before.ingress ?? [], after.ingress ?? []);
    if (change.has('egress')) await setRules(call, id, 'egress', before.egress ?? [], after.egress ?? []);
  },

  async delete(call, id, { revokeRulesOnDelete = false }) {
    const ec2 = await call.ec2();
    if (revokeRulesOnDelete) {
      const found = await findGroup(call, id);
      await revoke(call, id, 'ingress', found?.IpPermissions ?? []);
      await revoke(call, id, 'egress', found?.IpPermissionsEgress ?? []);
    }
    await call.retry(/^(DependencyViolation|InvalidGroup\.InUse)/, () =>
      ec2.deleteSecurityGroup({ GroupId: id }),
    );
  },
});

async function findGroup(call: Call, id: string) {
  return (await (await call.ec2()).describeSecurityGroups({ GroupIds: [id] })).SecurityGroups?.[0];
}

/** EC2's rules by port range, as the inline form has them: one rule for each description. */
function inlineRules(permissions: readonly IpPermission[] | undefined, groupId: string): InlineRule[] {
  return (permissions ?? []).flatMap((permission) => {
    const descriptions = new Set(
      [
        ...(permission.IpRanges ?? []),
        ...(permission.Ipv6Ranges ?? []),
        ...(permission.UserIdGroupPairs ?? []),
        ...(permission.PrefixListIds ?? []),
      ].map(({ Description }) => Description),
    );
    return [...descriptions].map((description): InlineRule => {
      const told = <T extends { readonly Description?: string | undefined }>(all: readonly T[] | undefined) =>
        (all ?? []).filter((one) => one.Description === description);
      const groups = told(permission.UserIdGroupPairs).map(({ GroupId }) => GroupId ?? '');
      return {
        cidrBlocks: told(permission.IpRanges).map(({ CidrIp }) => CidrIp ?? ''),
        ipv6CidrBlocks: told(permission.Ipv6Ranges).map(({ CidrIpv6 }) => CidrIpv6 ?? ''),
        prefixListIds: told(permission.PrefixListIds).map(({ PrefixListId }) => PrefixListId ?? ''),
        securityGroups: groups.filter((group) => group !== groupId),
        self: groups.includes(groupId),
        description: description ?? '',
        protocol: permission.IpProtocol ?? '-1',
        fromPort: permission.FromPort ?? 0,
        toPort: permission.ToPort ?? 0,
      };
    });
  });
}

async function setRules(
  call: Call,
  id: string,
  direction: Direction,
  from: readonly InlineRule[],
  to: readonly InlineRule[],
): Promise<void> {
  const shape = object(inlineRule);
  // Inline rules are plain data, so they are values of the engine's too.
  const text = (rule: InlineRule) => canonical(shape, rule as unknown as Value);
  const [had, wanted] = [new Set(from.map(text)), new Set(to.map(text))];
  const gone = from.filter((rule) => !wanted.has(text(rule)));
  const added = to.filter((rule) => !had.has(text(rule)));
  await revoke(
    call,
    id,
    direction,
    gone.map((rule) => permission(rule, id)),
  );
  if (added.length === 0) return;
  const request = { GroupId: id, IpPermissions: added.map((rule) => permission(rule, id)) };
  const ec2 = await call.ec2();
  if (direction === 'ingress') await ec2.authorizeSecurityGroupIngress(request);
  else await ec2.authorizeSecurityGroupEgress(request);
}

async function revoke(
  call: Call,
  GroupId: string,
  direction: Direction,
  IpPermissions: IpPermission[],
): Promise<void> {
  if (IpPermissions.length === 0) return;
  const ec2 = await call.ec2();
  if (direction === 'ingress') await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions });
  else await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions });
}

function permission(rule: InlineRule, groupId: string): IpPermission {
  const Description = rule.description === '' ? undefined : rule.description;
  const groups = [...(rule.securityGroups ?? []), ...(rule.self ? [groupId] : [])];
  const all = rule.protocol === '-1';
  return {
    IpProtocol: rule.protocol,
    FromPort: all ? undefined : rule.fromPort,
    ToPort: all ? undefined : rule.toPort,
    IpRanges: rule.cidrBlocks?.map((CidrIp) => ({ CidrIp, Description })),
    Ipv6Ranges: rule.ipv6CidrBlocks?.map((CidrIpv6) => ({ CidrIpv6, Description })),
    PrefixListIds: rule.prefixListIds?.map((PrefixListId) => ({ PrefixListId, Description })),
    UserIdGroupPairs: groups.map((GroupId) => ({ GroupId, Description })),
  };
}
