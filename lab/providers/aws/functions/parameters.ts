import { awsFunction } from '../function';
import { defaulted, flag, optional, required, text } from '../shape';

/** `value` is a secret whatever it is; what is none can also be had as `insecureValue`. */
export const getParameter = awsFunction({
  token: 'aws:ssm/getParameter:getParameter',
  args: { name: required(text), withDecryption: defaulted(flag, true) },
  secrets: ['value'],
  async run(call, { name, withDecryption }) {
    const answer = await (await call.ssm()).getParameter({ Name: name, WithDecryption: withDecryption });
    const found = answer.Parameter;
    return {
      arn: found?.ARN,
      id: name,
      insecureValue: found?.Type === 'SecureString' ? undefined : found?.Value,
      name,
      region: call.region,
      type: found?.Type,
      value: found?.Value,
      version: found?.Version,
      withDecryption,
    };
  },
});

export const getSecretVersion = awsFunction({
  token: 'aws:secretsmanager/getSecretVersion:getSecretVersion',
  args: { secretId: required(text), versionId: optional(text), versionStage: optional(text) },
  secrets: ['secretString', 'secretBinary'],
  async run(call, { secretId, versionId, versionStage }) {
    const found = await (
      await call.secretsManager()
    ).getSecretValue({ SecretId: secretId, VersionId: versionId, VersionStage: versionStage });
    return {
      arn: found.ARN,
      createdDate: found.CreatedDate?.toISOString(),
      id: `${secretId}|${found.VersionId ?? ''}`,
      region: call.region,
      secretArn: found.ARN,
      secretBinary:
        found.SecretBinary === undefined ? '' : Buffer.from(found.SecretBinary).toString('base64'),
      secretId,
      secretString: found.SecretString ?? '',
      versionId: found.VersionId,
      versionStage,
      versionStages: found.VersionStages ?? [],
    };
  },
});
