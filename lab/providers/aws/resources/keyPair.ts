import { resource } from '../resource';
import { chosen, optional, output, required, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';
import { ec2Arn } from './arn';

/** An SSH key by its public half; its id is its name. */
export const keyPair = resource({
  token: 'aws:ec2/keyPair:KeyPair',
  inputs: {
    keyName: chosen(text, { replaces: true, autoName: { maxLength: 255 } }),
    keyNamePrefix: optional(text, { replaces: true }),
    publicKey: required(text, { replaces: true }),
  },
  outputs: { arn: output(text), fingerprint: output(text), keyPairId: output(text), keyType: output(text) },
  tagging: async (call, id, change) => {
    const found = (await (await call.ec2()).describeKeyPairs({ KeyNames: [id] })).KeyPairs?.[0];
    await ec2Tagging(call, found?.KeyPairId ?? id, change);
  },

  async create(call, inputs) {
    const KeyName = inputs.keyName ?? `${inputs.keyNamePrefix ?? ''}${Date.now().toString(36)}`;
    await (
      await call.ec2()
    ).importKeyPair({
      KeyName,
      PublicKeyMaterial: Buffer.from(inputs.publicKey.trim()),
      TagSpecifications: tagSpecifications('key-pair', call.tags),
    });
    return KeyName;
  },

  async read(call, id) {
    const found = (await (await call.ec2()).describeKeyPairs({ KeyNames: [id] })).KeyPairs?.[0];
    if (found === undefined) return undefined;
    return {
      keyName: found.KeyName,
      arn: ec2Arn(call, await call.account(), 'key-pair', id),
      fingerprint: found.KeyFingerprint,
      keyPairId: found.KeyPairId,
      keyType: found.KeyType,
      tags: tagMap(found.Tags),
    };
  },

  async delete(call, id) {
    await (await call.ec2()).deleteKeyPair({ KeyName: id });
  },
});
