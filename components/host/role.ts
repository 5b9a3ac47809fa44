import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';

/** One statement of an IAM policy. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A host's own role: it may read its own secrets, and what `statements` allow. */
export interface HostRole {
  readonly profile: aws.iam.InstanceProfile;
  /** The instance waits for it: without the policy its first fetch is refused. */
  readonly policy: aws.iam.RolePolicy;
}

const trustOfEc2 = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

export function hostRole(
  name: string,
  secretArns: readonly pulumi.Input<string>[],
  statements: pulumi.Output<readonly PolicyStatement[]>,
  tags: Tags,
  parent: pulumi.Resource,
): HostRole {
  const role = new aws.iam.Role(`${name}-role`, { assumeRolePolicy: trustOfEc2, tags }, { parent });
  const policy = new aws.iam.RolePolicy(
    `${name}-policy`,
    {
      role: role.name,
      policy: pulumi.all([pulumi.all([...secretArns]), statements]).apply(([arns, more]) =>
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'ReadOwnSecrets',
              Effect: 'Allow',
              Action: ['secretsmanager:GetSecretValue'],
              Resource: arns,
            },
            ...more,
          ],
        }),
      ),
    },
    { parent },
  );
  const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name, tags }, { parent });
  return { profile, policy };
}
