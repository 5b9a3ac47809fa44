import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionTypes } from '../../../lab/providers/aws/functions';
import { sdkClients } from '../../../lab/providers/aws/clients';
import { AwsProvider } from '../../../lab/providers/aws/provider';
import { ApiLab, regionName } from '../../../proving/region/apiLab';

let lab: ApiLab;
let keyArn: string;
beforeAll(async () => {
  lab = await ApiLab.open();
  const made = (await lab.region.moto.json('kms', regionName, 'TrentService.CreateKey', {
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeySpec: 'SYMMETRIC_DEFAULT',
    MultiRegion: false,
  })) as {
    readonly KeyMetadata: { readonly Arn: string };
  };
  keyArn = made.KeyMetadata.Arn;
});
afterAll(() => lab.close());

async function asked(keyId: string): Promise<Readonly<Record<string, unknown>>> {
  const provider = new AwsProvider([], functionTypes, () => sdkClients(regionName, lab.runnerAccess));
  provider.configure({ region: regionName });
  return (await provider.invoke('aws:kms/getKey:getKey', { keyId })).result;
}

describe('a key of the account', () => {
  it('is told as the official provider tells it', async () => {
    expect(await asked(keyArn)).toMatchObject({
      arn: keyArn,
      enabled: true,
      keySpec: 'SYMMETRIC_DEFAULT',
      keyUsage: 'ENCRYPT_DECRYPT',
      keyState: 'Enabled',
    });
  });

  it('that is not there is unknown', async () => {
    await expect(asked(`${keyArn}x`)).rejects.toThrow('NotFoundException');
  });

  it('is looked at by a runner that may, and by no other', async () => {
    const policy = (Resource: string) => ({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'kms:DescribeKey', Resource }],
    });
    lab.region.account = { ...lab.region.account, runnerPolicy: policy(`${keyArn}-another`) };
    await expect(asked(keyArn)).rejects.toThrow('AccessDeniedException');
    lab.region.account = { ...lab.region.account, runnerPolicy: policy(keyArn) };
    expect(await asked(keyArn)).toMatchObject({ arn: keyArn });
  });
});
