import { present } from '../call';
import { resource } from '../resource';
import { chosen, defaulted, flag, json, number, optional, output, required, set, text } from '../shape';
import { tagList, tagMap } from '../tags';

/** A secret's name and rights; its id is its ARN, and what it holds are its versions. */
export const secret = resource({
  token: 'aws:secretsmanager/secret:Secret',
  inputs: {
    description: optional(text),
    forceOverwriteReplicaSecret: defaulted(flag, false),
    kmsKeyId: optional(text),
    name: chosen(text, { replaces: true, autoName: { maxLength: 512 } }),
    namePrefix: optional(text, { replaces: true }),
    policy: chosen(json),
    recoveryWindowInDays: defaulted(number, 30),
  },
  outputs: { arn: output(text) },
  tagging: async (call, SecretId, { set: tags, remove }) => {
    const api = await call.secretsManager();
    if (remove.length > 0) await api.untagResource({ SecretId, TagKeys: [...remove] });
    if (Object.keys(tags).length > 0) await api.tagResource({ SecretId, Tags: tagList(tags) });
  },
  check: ({ recoveryWindowInDays: days = 30 }): Record<string, string> =>
    days === 0 || (days >= 7 && days <= 30)
      ? {}
      : { recoveryWindowInDays: `is ${days}; allowed are 0 (gone at once) and 7 to 30` },

  async create(call, inputs) {
    const api = await call.secretsManager();
    // A secret of this name that was deleted a moment ago may still be on its way out.
    const made = await call.propagated(/scheduled for deletion|already scheduled/, () =>
      api.createSecret({
        Name: inputs.name ?? `${inputs.namePrefix ?? ''}${Date.now().toString(36)}`,
        Description: inputs.description,
        ForceOverwriteReplicaSecret: inputs.forceOverwriteReplicaSecret,
        KmsKeyId: inputs.kmsKeyId,
        Tags: tagList(call.tags),
      }),
    );
    return present(made.ARN, "the secret's ARN");
  },

  async settle(call, id, { policy }) {
    if (policy === undefined) return;
    await (await call.secretsManager()).putResourcePolicy({ SecretId: id, ResourcePolicy: policy });
  },

  async read(call, id) {
    const api = await call.secretsManager();
    const found = await api.describeSecret({ SecretId: id });
    // Deleted, with its days of grace: it cannot be used.
    if (found.DeletedDate !== undefined) return undefined;
    const { ResourcePolicy } = await api.getResourcePolicy({ SecretId: id });
    return {
      id: found.ARN ?? id,
      description: found.Description,
      kmsKeyId: found.KmsKeyId,
      name: found.Name,
      policy: ResourcePolicy,
      arn: found.ARN,
      tags: tagMap(found.Tags),
    };
  },

  async update(call, id, change) {
    const api = await call.secretsManager();
    const { after } = change;
    if (change.has('description', 'kmsKeyId')) {
      const { description: Description = '', kmsKeyId: KmsKeyId } = after;
      await api.updateSecret({ SecretId: id, Description, KmsKeyId });
    }
    if (change.has('policy') && after.policy !== undefined) {
      await api.putResourcePolicy({ SecretId: id, ResourcePolicy: after.policy });
    }
  },

  async delete(call, id, { recoveryWindowInDays: days = 30 }) {
    const grace = days === 0 ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: days };
    await (await call.secretsManager()).deleteSecret({ SecretId: id, ...grace });
  },
});

/** One value of a secret; another value is another version. Its id is SECRET|VERSION. */
export const secretVersion = resource({
  token: 'aws:secretsmanager/secretVersion:SecretVersion',
  inputs: {
    secretBinary: optional(text, { replaces: true, secret: true }),
    secretId: required(text, { replaces: true }),
    secretString: optional(text, { replaces: true, secret: true }),
    versionStages: chosen(set(text)),
  },
  outputs: { arn: output(text), versionId: output(text) },
  check: ({ secretBinary, secretString }): Record<string, string> =>
    (secretBinary === undefined) === (secretString === undefined)
      ? { secretString: 'a version needs one of secretString and secretBinary' }
      : {},

  async create(call, inputs) {
    const api = await call.secretsManager();
    const made = await call.propagated(/^ResourceNotFoundException/, () =>
      api.putSecretValue({
        SecretId: inputs.secretId,
        SecretString: inputs.secretString,
        SecretBinary:
          inputs.secretBinary === undefined ? undefined : Buffer.from(inputs.secretBinary, 'base64'),
        VersionStages: inputs.versionStages === undefined ? undefined : [...inputs.versionStages],
      }),
    );
    return `${inputs.secretId}|${present(made.VersionId, "the version's id")}`;
  },

  async read(call, id) {
    const [SecretId, VersionId] = id.split('|');
    const found = await (await call.secretsManager()).getSecretValue({ SecretId, VersionId });
    return {
      secretBinary:
        found.SecretBinary === undefined ? undefined : Buffer.from(found.SecretBinary).toString('base64'),
      secretId: SecretId,
      secretString: found.SecretString,
      versionStages: found.VersionStages ?? [],
      arn: found.ARN,
      versionId: VersionId,
    };
  },

  async update(call, id, { before, after }) {
    const api = await call.secretsManager();
    const [SecretId, version] = id.split('|');
    const [had, wanted] = [before.versionStages ?? [], after.versionStages ?? []];
    for (const VersionStage of wanted.filter((stage) => !had.includes(stage))) {
      const listed = await api.listSecretVersionIds({ SecretId });
      const holder = listed.Versions?.find(({ VersionStages }) =>
        VersionStages?.includes(VersionStage),
      )?.VersionId;
      await api.updateSecretVersionStage({
        SecretId,
        VersionStage,
        MoveToVersionId: version,
        RemoveFromVersionId: holder,
      });
    }
    for (const VersionStage of had.filter((stage) => !wanted.includes(stage) && stage !== 'AWSCURRENT')) {
      await api.updateSecretVersionStage({ SecretId, VersionStage, RemoveFromVersionId: version });
    }
  },

  /** AWSCURRENT cannot be taken away, only moved; a version without a stage fades by itself. */
  async delete(call, id) {
    const api = await call.secretsManager();
    const [SecretId, version] = id.split('|');
    const { VersionIdsToStages = {} } = await api.describeSecret({ SecretId });
    for (const VersionStage of VersionIdsToStages[version ?? ''] ?? []) {
      if (VersionStage === 'AWSCURRENT') continue;
      await api.updateSecretVersionStage({ SecretId, VersionStage, RemoveFromVersionId: version });
    }
  },
});
