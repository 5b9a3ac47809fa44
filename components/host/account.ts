import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** What an account's own rules ask of roles. */
export interface IamArgs {
  /** ARN of the policy that bounds what the hosts' roles may do. @default none */
  permissionsBoundaryArn?: pulumi.Input<string>;
  /** The path of the hosts' roles and instance profiles, such as `/mqtt/`; another one makes them anew. @default `/` */
  path?: pulumi.Input<string>;
}

/** What an account's own rules ask of whatever is made in it. */
export interface AccountArgs {
  /**
   * ARN of the KMS key for volumes, secrets and backups. Secrets change to another one at once, a volume when it is made: a root
   * disk with its host, a data volume never. The key's policy must let hosts' roles decrypt by Secrets Manager, with
   * `emqx.backup` brokers' roles use it by S3, and whoever runs `pulumi up` create grants.
   * @default AWS's own keys
   */
  kmsKeyArn?: pulumi.Input<string>;
  /** What is asked of the hosts' roles. */
  iam?: IamArgs;
}

/** Only these of some larger arguments, where they are given. */
export function accountOf({ kmsKeyArn, iam }: AccountArgs): AccountArgs {
  return { ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }), ...(iam === undefined ? {} : { iam }) };
}

/** Checks what is known before AWS is asked. */
export function checkAccount({ kmsKeyArn, iam = {} }: AccountArgs, problems: Problems): void {
  const { permissionsBoundaryArn, path } = iam;
  refuseUnlike(
    'kmsKeyArn',
    kmsKeyArn,
    /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
    'the ARN of a key, and not of an alias, such as arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000',
    problems,
  );
  refuseUnlike(
    'iam.permissionsBoundaryArn',
    permissionsBoundaryArn,
    /^arn:[\w-]+:iam::(\d{12}|aws):policy\/\S+$/,
    'the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/boundary',
    problems,
  );
  refuseUnlike(
    'iam.path',
    path,
    /^\/([!-.0-~]+\/)*$/,
    'a path such as /mqtt/ that begins and ends with /',
    problems,
  );
}

function refuseUnlike(
  path: string,
  value: pulumi.Input<string> | undefined,
  pattern: RegExp,
  allowed: string,
  problems: Problems,
): void {
  if (typeof value !== 'string' || (pattern.test(value) && value.length <= 512)) return;
  problems.add(path, `is ${JSON.stringify(value)}; ${allowed}, is allowed`);
}

/** The key of a volume, where it is not AWS's own. */
export function keyOf({ kmsKeyArn }: AccountArgs): { kmsKeyId?: pulumi.Input<string> } {
  return kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn };
}
