import { createPrivateKey, createPublicKey, KeyObject, webcrypto } from 'node:crypto';

/** A key pair as the certificate library takes it, and the algorithm that it signs with. */
export interface SigningKey {
  readonly algorithm: 'RSA' | 'ECDSA' | 'ED25519';
  readonly keys: { readonly privateKey: webcrypto.CryptoKey; readonly publicKey: webcrypto.CryptoKey };
  readonly signingAlgorithm: { readonly name: string; readonly hash?: string };
}

/** Reads a private key of any PEM form. `property` names it in an error. */
export async function readSigningKey(pem: string, property: string): Promise<SigningKey> {
  const key = parse(pem, property);
  const { algorithm, parameters, signingAlgorithm } = algorithmOf(key, property);
  const privateBytes = key.export({ type: 'pkcs8', format: 'der' });
  const publicBytes = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    algorithm,
    keys: {
      privateKey: await webcrypto.subtle.importKey('pkcs8', privateBytes, parameters, false, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', publicBytes, parameters, true, ['verify']),
    },
    signingAlgorithm,
  };
}

function parse(pem: string, property: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${property} is not a private key in PEM form (${reason})`);
  }
}

function algorithmOf(key: KeyObject, property: string) {
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      const parameters = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      return { algorithm: 'RSA', parameters, signingAlgorithm: parameters } as const;
    }
    case 'ec':
      return { algorithm: 'ECDSA', ...ecdsa(key.asymmetricKeyDetails?.namedCurve, property) } as const;
    case 'ed25519':
      return {
        algorithm: 'ED25519',
        parameters: { name: 'Ed25519' },
        signingAlgorithm: { name: 'Ed25519' },
      } as const;
    default:
      throw new Error(
        `${property} is a key of type ${key.asymmetricKeyType ?? 'unknown'}; RSA, ECDSA and Ed25519 sign`,
      );
  }
}

/** The hash is as strong as the curve. */
function ecdsa(curve: string | undefined, property: string) {
  const known = {
    prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
    secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
    secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
  };
  if (curve !== 'prime256v1' && curve !== 'secp384r1' && curve !== 'secp521r1') {
    throw new Error(`${property} is on curve ${curve ?? 'unknown'}; the lab signs with P256, P384 and P521`);
  }
  const { namedCurve, hash } = known[curve];
  return { parameters: { name: 'ECDSA', namedCurve }, signingAlgorithm: { name: 'ECDSA', hash } };
}
