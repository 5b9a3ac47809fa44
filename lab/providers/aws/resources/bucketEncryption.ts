import { resource } from '../resource';
import { asXml, document, getPart, members, plain, putPart, removePart } from '../s3';
import { defaulted, flag, list, object, optional, required, text, type Values } from '../shape';
import { ofBucket } from './bucketParts';

const rule = {
  applyServerSideEncryptionByDefault: required(
    object({ kmsMasterKeyId: optional(text), sseAlgorithm: required(text) }),
  ),
  bucketKeyEnabled: defaulted(flag, false),
};

/** By what objects are encrypted whose upload does not say. */
export const bucketEncryption = resource({
  token: 'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
  inputs: {
    ...ofBucket,
    expectedBucketOwner: optional(text, { replaces: true }),
    rules: required(list(object(rule))),
  },
  outputs: {},
  create: (call, { bucket, rules }) => putPart(call, bucket, 'encryption', encryptionOf(rules)),

  async read(call, id) {
    const found = members((await getPart(call, id, 'encryption'))['Rule']);
    return {
      bucket: id,
      rules: found.map((each) => {
        const byDefault = asXml(each['ApplyServerSideEncryptionByDefault']);
        return {
          applyServerSideEncryptionByDefault: {
            kmsMasterKeyId: plain(byDefault['KMSMasterKeyID']),
            sseAlgorithm: plain(byDefault['SSEAlgorithm']) ?? '',
          },
          bucketKeyEnabled: each['BucketKeyEnabled'] === 'true',
        };
      }),
    };
  },

  async update(call, id, { after }) {
    await putPart(call, id, 'encryption', encryptionOf(after.rules));
  },

  delete: (call, id) => removePart(call, id, 'encryption'),
});

function encryptionOf(rules: readonly Values<typeof rule>[]): string {
  return document('ServerSideEncryptionConfiguration', {
    Rule: rules.map(({ applyServerSideEncryptionByDefault: byDefault, bucketKeyEnabled }) => ({
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: byDefault.sseAlgorithm,
        KMSMasterKeyID: byDefault.kmsMasterKeyId,
      },
      BucketKeyEnabled: bucketKeyEnabled,
    })),
  });
}
