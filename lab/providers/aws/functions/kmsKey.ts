import { awsFunction } from '../function';
import { list, optional, required, text } from '../shape';

export const getKey = awsFunction({
  token: 'aws:kms/getKey:getKey',
  args: { grantTokens: optional(list(text)), keyId: required(text) },
  async run(call, { keyId }) {
    const key = await (await call.kms()).describeKey(keyId);
    return {
      arn: key.Arn,
      awsAccountId: key.AWSAccountId,
      creationDate: key.CreationDate === undefined ? '' : new Date(key.CreationDate * 1_000).toISOString(),
      customerMasterKeySpec: key.KeySpec,
      description: key.Description,
      enabled: key.Enabled,
      id: key.KeyId,
      keyId,
      keyManager: key.KeyManager,
      keySpec: key.KeySpec,
      keyState: key.KeyState,
      keyUsage: key.KeyUsage,
      multiRegion: key.MultiRegion,
      origin: key.Origin,
      region: call.region,
    };
  },
});
