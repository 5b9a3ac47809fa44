import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import type { AccountArgs } from './account';
import type { HostFile } from './fileSet';
import { packedPrograms } from './programs';

/** A Secrets Manager secret: a JSON object of strings, which hosts fetch with their own role. */
export interface HostSecret {
  /** Of the secret, by which a host reads it. */
  readonly arn: pulumi.Output<string>;
  /** Changes when the content does; Commands trigger on it, since it is no secret itself. */
  readonly versionId: pulumi.Output<string>;
  /** Its content's resource, for what has to wait until it is there. */
  readonly version: aws.secretsmanager.SecretVersion;
}

interface SecretOptions extends Pick<AccountArgs, 'kmsKeyArn'> {
  readonly tags: Tags;
  readonly parent: pulumi.Resource;
}

export function hostSecret(
  name: string,
  fields: Readonly<Record<string, pulumi.Input<string>>>,
  options: SecretOptions & { readonly protect: boolean },
): HostSecret {
  const secret = new aws.secretsmanager.Secret(
    name,
    // Kept for a week after deletion where it is protected; a throwaway stack can then be made again at once.
    {
      tags: options.tags,
      recoveryWindowInDays: options.protect ? 7 : 0,
      ...(options.kmsKeyArn === undefined ? {} : { kmsKeyId: options.kmsKeyArn }),
    },
    { parent: options.parent, protect: options.protect },
  );
  const version = new aws.secretsmanager.SecretVersion(
    `${name}-version`,
    {
      secretId: secret.arn,
      secretString: pulumi.secret(pulumi.output(fields).apply((known) => secretString(name, known))),
    },
    { parent: options.parent },
  );
  return { arn: secret.arn, versionId: pulumi.unsecret(version.versionId), version };
}

const largestSecretBytes = 65_536;

/** Secrets Manager refuses a larger one in the middle of an `up`: here it is told what takes the room. */
export function secretString(name: string, fields: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(fields);
  const bytes = Buffer.byteLength(text);
  if (bytes <= largestSecretBytes) return text;
  const sizes = Object.entries(fields)
    .map(([field, value]) => ({ field, bytes: Buffer.byteLength(value) }))
    .sort((x, y) => y.bytes - x.bytes)
    .map((each) => `${each.field} ${each.bytes}`);
  throw new Error(
    `the secret ${name} is ${bytes} bytes, and Secrets Manager takes ${largestSecretBytes}; give less of what takes the room: ${sizes.join(', ')}. ` +
      'More than some hundred users are for a database, JWT or HTTP (emqx.authentication)',
  );
}

/**
 * The programs that hosts of one role fetch at their first boot: no secret, but user data ends at 16 KiB, and Secrets
 * Manager is what they ask with their role anyway. One secret as long as there is room in it, then `NAME-2` and so on.
 */
export function programsSecrets(
  name: string,
  programs: readonly HostFile[],
  options: SecretOptions,
): HostSecret[] {
  return packedPrograms(programs).map((files, at) =>
    hostSecret(at === 0 ? name : `${name}-${at + 1}`, { files }, { ...options, protect: false }),
  );
}
