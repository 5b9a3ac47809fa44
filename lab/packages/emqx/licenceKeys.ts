import { createECDH, createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';

/**
 * The stand-in's packages trust a key pair of their own in the place of EMQX's. Its private half follows from these
 * words, so that everybody can sign for the lab, and what is signed so is worth nothing elsewhere.
 */
const words = 'licences of the lab';
const curve = 'P-256';

/** In PEM, as the packages have it. */
export function licencePublicKey(): string {
  return createPublicKey(privateKey()).export({ type: 'spki', format: 'pem' }).toString();
}

/** A licence key whose payload has these lines, signed as EMQX's are: with ECDSA, over SHA-256. */
export function signedLicence(lines: readonly (string | number)[]): string {
  const payload = Buffer.from(lines.join('\n'));
  return [payload, sign('sha256', payload, privateKey())].map((part) => part.toString('base64')).join('.');
}

function privateKey(): KeyObject {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(createHash('sha256').update(words).digest());
  const point = pair.getPublicKey();
  // Behind the byte that says that both coordinates follow.
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33).toString('base64url');
  const d = pair.getPrivateKey().toString('base64url');
  return createPrivateKey({ key: { kty: 'EC', crv: curve, x, y, d }, format: 'jwk' });
}
