import { SubjectKeyIdentifierExtension } from '@peculiar/x509';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';
import { certificateSchema, issue, issuedProperties, renewal } from './certificate';
import { readSigningKey } from './signingKey';
import { alternativeNames, alternativeNamesSchema, distinguishedName, subjectSchema } from './subject';

const inputs = z.strictObject({
  ...certificateSchema,
  ...alternativeNamesSchema,
  privateKeyPem: z.string(),
  subject: subjectSchema.optional(),
  setAuthorityKeyId: z.boolean().default(false),
});

/** SelfSignedCert. */
export const selfSignedCert: ResourceKind<z.infer<typeof inputs>> = {
  inputs,
  replacedBy: Object.keys(inputs.shape).filter((name) => name !== 'earlyRenewalHours'),
  computed: [...issuedProperties, 'keyAlgorithm'],
  secretOutputs: ['privateKeyPem'],
  ...renewal,
  create: async (values) => {
    const signer = await readSigningKey(values.privateKeyPem, 'privateKeyPem');
    const { publicKey } = signer.keys;
    const name = distinguishedName(values.subject);
    const keyId = values.setAuthorityKeyId
      ? await SubjectKeyIdentifierExtension.create(publicKey)
      : undefined;
    const issued = await issue(values, {
      subject: name,
      issuer: name,
      publicKey,
      signer,
      authorityKeyId: keyId?.keyId,
      extensions: alternativeNames(values),
    });
    return { id: issued.id, outputs: { ...issued.outputs, keyAlgorithm: signer.algorithm } };
  },
};
