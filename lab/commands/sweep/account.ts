import * as iam from '@aws-sdk/client-iam';
import * as secrets from '@aws-sdk/client-secrets-manager';
import type { Account, ResourceType } from './resourceType';

/** Secrets and roles. */
export function accountTypes(account: Account): readonly ResourceType[] {
  const secretsClient = new secrets.SecretsManagerClient(account);
  const iamClient = new iam.IAMClient(account);
  return [
    {
      what: 'secret',
      list: async () => {
        const { SecretList = [] } = await secretsClient.send(new secrets.ListSecretsCommand({}));
        return SecretList.map(({ ARN }) => ARN);
      },
      remove: (id) =>
        secretsClient.send(
          new secrets.DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true }),
        ),
    },
    {
      what: 'instance profile',
      list: async () => {
        const { InstanceProfiles = [] } = await iamClient.send(new iam.ListInstanceProfilesCommand({}));
        return InstanceProfiles.map(({ InstanceProfileName }) => InstanceProfileName);
      },
      remove: async (id) => {
        const name = { InstanceProfileName: id };
        const { InstanceProfile } = await iamClient.send(new iam.GetInstanceProfileCommand(name));
        for (const { RoleName } of InstanceProfile?.Roles ?? []) {
          await iamClient.send(new iam.RemoveRoleFromInstanceProfileCommand({ ...name, RoleName }));
        }
        await iamClient.send(new iam.DeleteInstanceProfileCommand(name));
      },
    },
    {
      what: 'role',
      list: async () => {
        const { Roles = [] } = await iamClient.send(new iam.ListRolesCommand({}));
        return Roles.map(({ RoleName }) => RoleName);
      },
      remove: async (id) => {
        const role = { RoleName: id };
        const { PolicyNames = [] } = await iamClient.send(new iam.ListRolePoliciesCommand(role));
        for (const PolicyName of PolicyNames) {
          await iamClient.send(new iam.DeleteRolePolicyCommand({ ...role, PolicyName }));
        }
        await iamClient.send(new iam.DeleteRoleCommand(role));
      },
    },
  ];
}
