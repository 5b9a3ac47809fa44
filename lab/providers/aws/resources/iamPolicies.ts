import { present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, json, number, optional, output, required, text } from '../shape';
import { tagList, tagMap } from '../tags';

/** IAM keeps at most this many versions of a policy. */
const mostVersions = 5;

/** A policy that is a part of its role; its id is ROLE:NAME. */
export const rolePolicy = resource({
  token: 'aws:iam/rolePolicy:RolePolicy',
  inputs: {
    name: chosen(text, { replaces: true, autoName: { maxLength: 128 } }),
    namePrefix: optional(text, { replaces: true }),
    policy: required(json),
    role: required(text, { replaces: true }),
  },
  outputs: {},

  async create(call, inputs) {
    const name = inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`;
    await putRolePolicy(call, inputs.role, name, inputs.policy);
    return `${inputs.role}:${name}`;
  },

  async read(call, id) {
    const [RoleName, PolicyName] = id.split(':');
    const found = await (await call.iam()).getRolePolicy({ RoleName, PolicyName });
    return {
      name: found.PolicyName,
      policy: decodeURIComponent(found.PolicyDocument ?? ''),
      role: found.RoleName,
    };
  },

  async update(call, id, { after }) {
    const [, name = ''] = id.split(':');
    await putRolePolicy(call, after.role, name, after.policy);
  },

  async delete(call, id) {
    const [RoleName, PolicyName] = id.split(':');
    await (await call.iam()).deleteRolePolicy({ RoleName, PolicyName });
  },
});

/** A policy of its own; its id is its ARN, and a change is a new default version. */
export const policy = resource({
  token: 'aws:iam/policy:Policy',
  inputs: {
    delayAfterPolicyCreationInMs: optional(number),
    description: optional(text, { replaces: true }),
    name: chosen(text, { replaces: true, autoName: { maxLength: 128 } }),
    namePrefix: optional(text, { replaces: true }),
    path: chosen(text, { replaces: true }),
    policy: required(json),
  },
  outputs: { arn: output(text), attachmentCount: output(number), policyId: output(text) },
  tagging: async (call, PolicyArn, { set, remove }) => {
    const iam = await call.iam();
    if (remove.length > 0) await iam.untagPolicy({ PolicyArn, TagKeys: [...remove] });
    if (Object.keys(set).length > 0) await iam.tagPolicy({ PolicyArn, Tags: tagList(set) });
  },

  async create(call, inputs) {
    const made = await (
      await call.iam()
    ).createPolicy({
      PolicyName: inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`,
      Description: inputs.description,
      Path: inputs.path,
      PolicyDocument: inputs.policy,
      Tags: tagList(call.tags),
    });
    return present(made.Policy?.Arn, "the policy's ARN");
  },

  async read(call, id) {
    const iam = await call.iam();
    const found = (await iam.getPolicy({ PolicyArn: id })).Policy;
    if (found?.DefaultVersionId === undefined) return undefined;
    const version = await iam.getPolicyVersion({ PolicyArn: id, VersionId: found.DefaultVersionId });
    return {
      description: found.Description,
      name: found.PolicyName,
      path: found.Path,
      policy: decodeURIComponent(version.PolicyVersion?.Document ?? ''),
      arn: found.Arn,
      attachmentCount: found.AttachmentCount,
      policyId: found.PolicyId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { after }) {
    const iam = await call.iam();
    const { Versions = [] } = await iam.listPolicyVersions({ PolicyArn: id });
    const oldest = Versions.filter(({ IsDefaultVersion }) => IsDefaultVersion !== true)
      .sort((a, b) => (a.CreateDate?.getTime() ?? 0) - (b.CreateDate?.getTime() ?? 0))
      .at(0)?.VersionId;
    if (Versions.length >= mostVersions && oldest !== undefined) {
      await iam.deletePolicyVersion({ PolicyArn: id, VersionId: oldest });
    }
    await iam.createPolicyVersion({ PolicyArn: id, PolicyDocument: after.policy, SetAsDefault: true });
  },

  async delete(call, id) {
    const iam = await call.iam();
    const { Versions = [] } = await iam.listPolicyVersions({ PolicyArn: id });
    for (const { VersionId, IsDefaultVersion } of Versions) {
      if (IsDefaultVersion !== true) await iam.deletePolicyVersion({ PolicyArn: id, VersionId });
    }
    await call.retry(/^DeleteConflict/, () => iam.deletePolicy({ PolicyArn: id }));
  },
});

export const rolePolicyAttachment = resource({
  token: 'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
  inputs: { policyArn: required(text, { replaces: true }), role: required(text, { replaces: true }) },
  outputs: {},

  async create(call, { policyArn, role }) {
    await (await call.iam()).attachRolePolicy({ RoleName: role, PolicyArn: policyArn });
    return `${role}/${policyArn}`;
  },

  async read(call, id) {
    const at = id.indexOf('/');
    const [role, policyArn] = [id.slice(0, at), id.slice(at + 1)];
    const { AttachedPolicies = [] } = await (await call.iam()).listAttachedRolePolicies({ RoleName: role });
    return AttachedPolicies.some(({ PolicyArn }) => PolicyArn === policyArn)
      ? { policyArn, role }
      : undefined;
  },

  async delete(call, _id, { policyArn, role }) {
    await (await call.iam()).detachRolePolicy({ RoleName: role, PolicyArn: policyArn });
  },
});

async function putRolePolicy(
  call: Call,
  RoleName: string,
  PolicyName: string,
  PolicyDocument: string,
): Promise<void> {
  const iam = await call.iam();
  await call.propagated(/^NoSuchEntity/, () => iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument }));
}
