import { Pkcs10CertificateRequest, SubjectKeyIdentifierExtension, X509Certificate } from '@peculiar/x509';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';
import { certificateSchema, issue, issuedProperties, renewal } from './certificate';
import { readSigningKey } from './signingKey';

const alternativeNamesOid = '2.5.29.17';

const inputs = z.strictObject({
  ...certificateSchema,
  caCertPem: z.string(),
  caPrivateKeyPem: z.string(),
  certRequestPem: z.string(),
});

/** LocallySignedCert: subject, key and alternative names come from the request, all else from the inputs. */
export const locallySignedCert: ResourceKind<z.infer<typeof inputs>> = {
  inputs,
  replacedBy: Object.keys(inputs.shape).filter((name) => name !== 'earlyRenewalHours'),
  computed: [...issuedProperties, 'caKeyAlgorithm'],
  secretOutputs: ['caPrivateKeyPem'],
  ...renewal,
  create: async (values) => {
    const signer = await readSigningKey(values.caPrivateKeyPem, 'caPrivateKeyPem');
    const ca = parsePem(values.caCertPem, 'caCertPem', (pem) => new X509Certificate(pem));
    const request = parsePem(
      values.certRequestPem,
      'certRequestPem',
      (pem) => new Pkcs10CertificateRequest(pem),
    );
    if (!(await request.verify())) throw new Error('certRequestPem is not signed by the key that it names');
    const names = request.getExtension(alternativeNamesOid);
    const issued = await issue(values, {
      subject: request.subjectName,
      issuer: ca.subjectName,
      publicKey: request.publicKey,
      signer,
      authorityKeyId: ca.getExtension(SubjectKeyIdentifierExtension)?.keyId,
      extensions: names === null ? [] : [names],
    });
    return { id: issued.id, outputs: { ...issued.outputs, caKeyAlgorithm: signer.algorithm } };
  },
};

function parsePem<T>(pem: string, property: string, parse: (pem: string) => T): T {
  try {
    return parse(pem);
  } catch (error) {
    throw new Error(`${property} cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}
