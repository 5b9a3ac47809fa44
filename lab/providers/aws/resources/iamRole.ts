import { isGone, present, type Call } from '../call';
import { resource, type Tagging } from '../resource';
import {
  chosen,
  defaulted,
  flag,
  json,
  number,
  object,
  optional,
  output,
  required,
  set,
  text,
} from '../shape';
import { tagList, tagMap } from '../tags';

const inlinePolicy = { name: required(text), policy: required(json) };

const roleTagging: Tagging = async (call, RoleName, { set: tags, remove }) => {
  const iam = await call.iam();
  if (remove.length > 0) await iam.untagRole({ RoleName, TagKeys: [...remove] });
  if (Object.keys(tags).length > 0) await iam.tagRole({ RoleName, Tags: tagList(tags) });
};

/** Who may become the role; what it may do is in its policies. */
export const role = resource({
  token: 'aws:iam/role:Role',
  inputs: {
    assumeRolePolicy: required(json),
    description: optional(text),
    forceDetachPolicies: defaulted(flag, false),
    inlinePolicies: chosen(set(object(inlinePolicy))),
    managedPolicyArns: chosen(set(text)),
    maxSessionDuration: defaulted(number, 3600),
    name: chosen(text, { replaces: true, autoName: { maxLength: 64 } }),
    namePrefix: optional(text, { replaces: true }),
    path: defaulted(text, '/', { replaces: true }),
    permissionsBoundary: optional(text),
  },
  outputs: { arn: output(text), createDate: output(text), uniqueId: output(text) },
  tagging: roleTagging,

  async create(call, inputs) {
    const iam = await call.iam();
    const RoleName = inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`;
    const made = await call.propagated(/Invalid principal in policy/, () =>
      iam.createRole({
        AssumeRolePolicyDocument: inputs.assumeRolePolicy,
        Description: inputs.description,
        MaxSessionDuration: inputs.maxSessionDuration,
        Path: inputs.path,
        PermissionsBoundary: inputs.permissionsBoundary,
        RoleName,
        Tags: tagList(call.tags),
      }),
    );
    return present(made.Role?.RoleName, "the role's name");
  },

  async settle(call, id, { inlinePolicies = [], managedPolicyArns = [] }) {
    const iam = await call.iam();
    for (const { name, policy } of inlinePolicies) {
      await iam.putRolePolicy({ RoleName: id, PolicyName: name, PolicyDocument: policy });
    }
    for (const PolicyArn of managedPolicyArns) await iam.attachRolePolicy({ RoleName: id, PolicyArn });
  },

  async read(call, id) {
    const iam = await call.iam();
    const found = (await iam.getRole({ RoleName: id })).Role;
    if (found === undefined) return undefined;
    return {
      assumeRolePolicy: decodeURIComponent(found.AssumeRolePolicyDocument ?? ''),
      description: found.Description,
      inlinePolicies: await inlinePoliciesOf(call, id),
      managedPolicyArns: await attachedArns(call, id),
      maxSessionDuration: found.MaxSessionDuration ?? 3600,
      name: found.RoleName,
      path: found.Path,
      permissionsBoundary: found.PermissionsBoundary?.PermissionsBoundaryArn,
      arn: found.Arn,
      createDate: found.CreateDate?.toISOString(),
      uniqueId: found.RoleId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, change) {
    const iam = await call.iam();
    const { before, after } = change;
    const RoleName = id;
    if (change.has('assumeRolePolicy')) {
      await call.propagated(/Invalid principal in policy/, () =>
        iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: after.assumeRolePolicy }),
      );
    }
    if (change.has('description', 'maxSessionDuration')) {
      const { description: Description = '', maxSessionDuration: MaxSessionDuration } = after;
      await iam.updateRole({ RoleName, Description, MaxSessionDuration });
    }
    if (change.has('permissionsBoundary')) {
      const PermissionsBoundary = after.permissionsBoundary;
      if (PermissionsBoundary === undefined) await iam.deleteRolePermissionsBoundary({ RoleName });
      else await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary });
    }
    if (change.has('inlinePolicies')) {
      const wanted = after.inlinePolicies ?? [];
      for (const { name } of before.inlinePolicies ?? []) {
        if (!wanted.some((one) => one.name === name))
          await iam.deleteRolePolicy({ RoleName, PolicyName: name });
      }
      for (const { name, policy } of wanted) {
        await iam.putRolePolicy({ RoleName, PolicyName: name, PolicyDocument: policy });
      }
    }
    if (change.has('managedPolicyArns')) {
      const [had, wanted] = [before.managedPolicyArns ?? [], after.managedPolicyArns ?? []];
      for (const PolicyArn of had.filter((arn) => !wanted.includes(arn))) {
        await iam.detachRolePolicy({ RoleName, PolicyArn });
      }
      for (const PolicyArn of wanted.filter((arn) => !had.includes(arn))) {
        await iam.attachRolePolicy({ RoleName, PolicyArn });
      }
    }
  },

  async delete(call, id, known) {
    const iam = await call.iam();
    const RoleName = id;
    const { InstanceProfiles = [] } = await iam.listInstanceProfilesForRole({ RoleName });
    for (const { InstanceProfileName } of InstanceProfiles) {
      await iam.removeRoleFromInstanceProfile({ RoleName, InstanceProfileName });
    }
    const own = known.forceDetachPolicies === true;
    if (own || known.managedPolicyArns !== undefined) {
      for (const PolicyArn of await attachedArns(call, id))
        await iam.detachRolePolicy({ RoleName, PolicyArn });
    }
    if (own || known.inlinePolicies !== undefined) {
      for (const { name } of await inlinePoliciesOf(call, id)) {
        await iam.deleteRolePolicy({ RoleName, PolicyName: name });
      }
    }
    await call.retry(/^(DeleteConflict|ConcurrentModification)/, () => iam.deleteRole({ RoleName }));
  },
});

async function inlinePoliciesOf(call: Call, RoleName: string): Promise<{ name: string; policy: string }[]> {
  const iam = await call.iam();
  const { PolicyNames = [] } = await iam.listRolePolicies({ RoleName });
  const read = async (name: string) => {
    try {
      const { PolicyDocument = '' } = await iam.getRolePolicy({ RoleName, PolicyName: name });
      return [{ name, policy: decodeURIComponent(PolicyDocument) }];
    } catch (error) {
      // Deleted since it was listed.
      if (isGone(error)) return [];
      throw error;
    }
  };
  return (await Promise.all(PolicyNames.map(read))).flat();
}

async function attachedArns(call: Call, RoleName: string): Promise<string[]> {
  const { AttachedPolicies = [] } = await (await call.iam()).listAttachedRolePolicies({ RoleName });
  return AttachedPolicies.flatMap(({ PolicyArn }) => (PolicyArn === undefined ? [] : [PolicyArn]));
}
