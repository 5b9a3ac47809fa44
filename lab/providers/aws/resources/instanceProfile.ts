import { present, type Call } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, optional, output, text } from '../shape';
import { tagList, tagMap } from '../tags';

/** What hands a role to instances; its id is its name. */
export const instanceProfile = resource({
  token: 'aws:iam/instanceProfile:InstanceProfile',
  inputs: {
    name: chosen(text, { replaces: true, autoName: { maxLength: 128 } }),
    namePrefix: optional(text, { replaces: true }),
    path: defaulted(text, '/', { replaces: true }),
    role: optional(text),
  },
  outputs: { arn: output(text), createDate: output(text), uniqueId: output(text) },
  tagging: async (call, InstanceProfileName, { set, remove }) => {
    const iam = await call.iam();
    if (remove.length > 0) await iam.untagInstanceProfile({ InstanceProfileName, TagKeys: [...remove] });
    if (Object.keys(set).length > 0)
      await iam.tagInstanceProfile({ InstanceProfileName, Tags: tagList(set) });
  },

  async create(call, inputs) {
    const made = await (
      await call.iam()
    ).createInstanceProfile({
      InstanceProfileName: inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`,
      Path: inputs.path,
      Tags: tagList(call.tags),
    });
    return present(made.InstanceProfile?.InstanceProfileName, "the profile's name");
  },

  async settle(call, id, { role }) {
    await setRole(call, id, role);
  },

  async read(call, id) {
    const found = (await (await call.iam()).getInstanceProfile({ InstanceProfileName: id })).InstanceProfile;
    if (found === undefined) return undefined;
    return {
      name: found.InstanceProfileName,
      path: found.Path,
      role: found.Roles?.[0]?.RoleName,
      arn: found.Arn,
      createDate: found.CreateDate?.toISOString(),
      uniqueId: found.InstanceProfileId,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, { after }) {
    await setRole(call, id, after.role);
  },

  async delete(call, id) {
    await setRole(call, id, undefined);
    await (await call.iam()).deleteInstanceProfile({ InstanceProfileName: id });
  },
});

/** A profile holds at most one role. */
async function setRole(call: Call, InstanceProfileName: string, wanted: string | undefined): Promise<void> {
  const iam = await call.iam();
  const held = (await iam.getInstanceProfile({ InstanceProfileName })).InstanceProfile?.Roles ?? [];
  for (const { RoleName } of held) {
    if (RoleName !== wanted) await iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName });
  }
  if (wanted === undefined || held.some(({ RoleName }) => RoleName === wanted)) return;
  await call.propagated(/^NoSuchEntity/, () =>
    iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: wanted }),
  );
}
