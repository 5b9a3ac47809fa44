import { createHash } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';
import { readSigningKey } from './signingKey';
import { alternativeNames, alternativeNamesSchema, distinguishedName, subjectSchema } from './subject';

const inputs = z.strictObject({
  ...alternativeNamesSchema,
  privateKeyPem: z.string(),
  subject: subjectSchema.optional(),
});

/** CertRequest. */
export const certRequest: ResourceKind<z.infer<typeof inputs>> = {
  inputs,
  replacedBy: 'every input',
  computed: ['certRequestPem', 'keyAlgorithm'],
  secretOutputs: ['privateKeyPem'],
  create: async (values) => {
    const key = await readSigningKey(values.privateKeyPem, 'privateKeyPem');
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: distinguishedName(values.subject),
      keys: key.keys,
      signingAlgorithm: key.signingAlgorithm,
      extensions: alternativeNames(values),
    });
    return {
      id: createHash('sha1').update(Buffer.from(request.rawData)).digest('hex'),
      outputs: { certRequestPem: `${request.toString('pem')}\n`, keyAlgorithm: key.algorithm },
    };
  },
};
