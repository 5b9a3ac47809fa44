import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import type { AccountArgs } from './account';

/** One statement of an IAM policy. */
export interface PolicyStatement {
  /** A name, letters and digits. */
  readonly Sid: string;
  /** Whether it allows or forbids. */
  readonly Effect: 'Allow' | 'Deny';
  /** Of the AWS API, such as `ec2:AssociateAddress`. */
  readonly Action: readonly string[];
  /** ARNs, in which `*` stands for anything. */
  readonly Resource: readonly string[];
  /** By operator and key, such as `StringEquals` and `aws:ResourceTag/platform`. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A host's own role: it may read its own secrets, and what `statements` allow. */
export interface HostRole {
  readonly role: aws.iam.Role;
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
  { kmsKeyArn, iam = {} }: AccountArgs,
  tags: Tags,
  parent: pulumi.Resource,
): HostRole {
  const { permissionsBoundaryArn: permissionsBoundary, path } = iam;
  const inPath = path === undefined || path === '/' ? {} : { path };
  const role = new aws.iam.Role(
    `${name}-role`,
    {
      assumeRolePolicy: trustOfEc2,
      ...inPath,
      ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
      tags,
    },
    { parent },
  );
  const policy = new aws.iam.RolePolicy(
    `${name}-policy`,
    {
      role: role.name,
      policy: pulumi.all([pulumi.all([...secretArns]), statements, kmsKeyArn]).apply(([arns, more, key]) =>
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'ReadOwnSecrets',
              Effect: 'Allow',
              Action: ['secretsmanager:GetSecretValue'],
              Resource: arns,
            },
            ...(key === undefined ? [] : [readByKey(key)]),
            ...more,
          ],
        }),
      ),
    },
    { parent },
  );
  const profile = new aws.iam.InstanceProfile(
    `${name}-profile`,
    { role: role.name, ...inPath, tags },
    { parent },
  );
  return { role, profile, policy };
}

/** Secrets Manager decrypts in the name of whoever asks, and nothing else may be decrypted by it. */
function readByKey(key: string): PolicyStatement {
  return {
    Sid: 'ReadSecretsByKey',
    Effect: 'Allow',
    Action: ['kms:Decrypt'],
    Resource: [key],
    Condition: { StringLike: { 'kms:ViaService': 'secretsmanager.*' } },
  };
}
