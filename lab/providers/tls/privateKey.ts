import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';
import { opensshKey } from './openssh';

const generate = promisify(generateKeyPair);

const curves = { P224: 'secp224r1', P256: 'prime256v1', P384: 'secp384r1', P521: 'secp521r1' } as const;

const inputs = z.strictObject({
  algorithm: z.enum(['RSA', 'ECDSA', 'ED25519']),
  ecdsaCurve: z.enum(['P224', 'P256', 'P384', 'P521']).default('P224'),
  rsaBits: z.number().int().min(1024).max(16384).default(2048),
});

type Inputs = z.infer<typeof inputs>;

const secretOutputs = ['privateKeyPem', 'privateKeyPemPkcs8', 'privateKeyOpenssh'] as const;

/** PrivateKey. What OpenSSH does not know (P-224) leaves its OpenSSH outputs empty, as in the real provider. */
export const privateKey: ResourceKind<Inputs> = {
  inputs,
  replacedBy: 'every input',
  computed: [
    ...secretOutputs,
    'publicKeyPem',
    'publicKeyOpenssh',
    'publicKeyFingerprintMd5',
    'publicKeyFingerprintSha256',
  ],
  secretOutputs,
  create: async (values) => {
    const key = await generateKey(values);
    const publicKey = createPublicKey(key);
    const openssh = opensshKey(key);
    const der = publicKey.export({ type: 'spki', format: 'der' });
    return {
      id: createHash('sha1').update(der).digest('hex'),
      outputs: {
        privateKeyPem: key.export({ type: pemType(values), format: 'pem' }),
        privateKeyPemPkcs8: key.export({ type: 'pkcs8', format: 'pem' }),
        privateKeyOpenssh: openssh?.privateKey ?? '',
        publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
        publicKeyOpenssh: openssh?.publicKey ?? '',
        publicKeyFingerprintMd5: openssh?.fingerprintMd5 ?? '',
        publicKeyFingerprintSha256: openssh?.fingerprintSha256 ?? '',
      },
    };
  },
};

async function generateKey(values: Inputs): Promise<KeyObject> {
  switch (values.algorithm) {
    case 'RSA':
      return (await generate('rsa', { modulusLength: values.rsaBits })).privateKey;
    case 'ECDSA':
      return (await generate('ec', { namedCurve: curves[values.ecdsaCurve] })).privateKey;
    case 'ED25519':
      return (await generate('ed25519')).privateKey;
  }
}

/** The traditional format of each algorithm; Ed25519 has none but PKCS #8. */
function pemType(values: Inputs): 'pkcs1' | 'sec1' | 'pkcs8' {
  return ({ RSA: 'pkcs1', ECDSA: 'sec1', ED25519: 'pkcs8' } as const)[values.algorithm];
}
