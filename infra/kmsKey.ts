import * as aws from '@pulumi/aws';
import type { PlatformPlan } from '../components';
import type { Problems } from '../components/rendering/problems';
import type { Configuration } from './configuration';

/** Asks KMS for the user's key, and refuses one that volumes and secrets cannot be made with. */
export async function checkKmsKey(
  _plan: PlatformPlan,
  { kmsKeyArn }: Configuration,
  problems: Problems,
): Promise<void> {
  if (kmsKeyArn === undefined) return;
  const { region } = await aws.getRegion({});
  const [, , , home = ''] = kmsKeyArn.split(':');
  const refuse = (reason: string) => problems.add('kmsKeyArn', `is ${kmsKeyArn}, ${reason}`);
  if (home !== region) refuse(`a key of ${home}; give one of ${region}, where the hosts are`);
  else await checkKey(kmsKeyArn, refuse);
}

async function checkKey(keyId: string, refuse: (reason: string) => void): Promise<void> {
  let key: aws.kms.GetKeyResult;
  try {
    key = await aws.kms.getKey({ keyId });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    if (/AccessDenied/.test(said))
      refuse(
        'which whoever runs this may not use; let its policy, and IAM, allow kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext, kms:Decrypt and kms:CreateGrant (docs/aws.md), or leave it out',
      );
    else if (/NotFound/.test(said)) refuse('which does not exist; give a key that does, or leave it out');
    else throw error;
    return;
  }
  if (!key.enabled) refuse(`whose state is ${key.keyState}; enable it, or give another`);
  if (key.keyUsage !== 'ENCRYPT_DECRYPT' || key.keySpec !== 'SYMMETRIC_DEFAULT')
    refuse(
      `a key of kind ${key.keySpec} for ${key.keyUsage}; volumes and secrets take a symmetric one (SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT)`,
    );
}
