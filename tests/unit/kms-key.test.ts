import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs } from '@pulumi/pulumi/runtime';
import { afterEach, expect, it } from 'vitest';
import type { Configuration } from '../../infra/configuration';
import { checkKmsKey } from '../../infra/kmsKey';
import { refusalBy } from './accountCheck';

const kmsKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';
const good = {
  enabled: true,
  keyState: 'Enabled',
  keyUsage: 'ENCRYPT_DECRYPT',
  keySpec: 'SYMMETRIC_DEFAULT',
};

afterEach(() => pulumi.runtime.disconnect());

/** As the engine tells that a call failed. */
function failed(details: string): Error {
  return Object.assign(new Error(details), { details });
}

/** What is said of a key that KMS describes so, or refuses to describe. */
async function refusal(key: object | Error, region = 'eu-central-1'): Promise<string> {
  const call = ({ token }: MockCallArgs) => {
    if (token.endsWith(':getRegion')) return { region };
    return key instanceof Error ? Promise.reject(key) : key;
  };
  void pulumi.runtime.setMocks({ call, newResource: () => ({ id: '', state: {} }) }, 'emqx-haproxy', 'unit');
  const given = { ssh: { allowedCidrs: ['203.0.113.0/24'] }, kmsKeyArn } as Configuration;
  return refusalBy(checkKmsKey, given);
}

it('a key that volumes and secrets can be made with is taken', async () => {
  expect(await refusal(good)).toBe('nothing');
});

it.each([
  [
    failed('api error AccessDeniedException: not authorized to perform: kms:DescribeKey'),
    'may not use; let its policy',
  ],
  [
    failed("api error NotFoundException: Key 'x' does not exist"),
    'which does not exist; give a key that does',
  ],
  [{ ...good, enabled: false, keyState: 'PendingDeletion' }, 'whose state is PendingDeletion; enable it'],
  [{ ...good, keyUsage: 'SIGN_VERIFY', keySpec: 'RSA_2048' }, 'a key of kind RSA_2048 for SIGN_VERIFY'],
])('any other is refused by its argument before anything is made: %s', async (key, reason) => {
  const said = await refusal(key);
  expect(said).toContain(`  kmsKeyArn: is ${kmsKeyArn}, `);
  expect(said).toContain(reason);
});

it('a key of another region is refused, which KMS here does not know', async () => {
  expect(await refusal(good, 'eu-west-1')).toContain('a key of eu-central-1; give one of eu-west-1');
});

it('a KMS that does not answer is no fault of the key', async () => {
  expect(await refusal(failed('ThrottlingException'))).not.toContain('kmsKeyArn');
});
