import { createHash, randomBytes, type JsonWebKey, type KeyObject } from 'node:crypto';

export interface OpensshKey {
  /** A PEM block of type OPENSSH PRIVATE KEY. */
  readonly privateKey: string;
  /** One line of an authorized_keys file, without a comment. */
  readonly publicKey: string;
  readonly fingerprintMd5: string;
  readonly fingerprintSha256: string;
}

/** The key in OpenSSH's formats (its PROTOCOL.key); undefined for a curve that OpenSSH does not know (P-224). */
export function opensshKey(key: KeyObject): OpensshKey | undefined {
  // Neither does JWK.
  if (key.asymmetricKeyDetails?.namedCurve === 'secp224r1') return undefined;
  const fields = keyFields(key.export({ format: 'jwk' }));
  if (fields === undefined) return undefined;
  const { type, publicFields, privateFields } = fields;
  const blob = Buffer.concat([string(type), ...publicFields]);
  const md5 = createHash('md5').update(blob).digest('hex');
  return {
    privateKey: privatePem(blob, Buffer.concat([string(type), ...privateFields])),
    publicKey: `${type} ${blob.toString('base64')}\n`,
    fingerprintMd5: (md5.match(/../g) ?? []).join(':'),
    fingerprintSha256: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

interface KeyFields {
  readonly type: string;
  readonly publicFields: readonly Buffer[];
  readonly privateFields: readonly Buffer[];
}

const nistNames: Readonly<Record<string, string>> = {
  'P-256': 'nistp256',
  'P-384': 'nistp384',
  'P-521': 'nistp521',
};

function keyFields(jwk: JsonWebKey): KeyFields | undefined {
  const field = (name: 'd' | 'dp' | 'dq' | 'e' | 'n' | 'p' | 'q' | 'qi' | 'x' | 'y') =>
    Buffer.from(jwk[name] ?? '', 'base64url');
  if (jwk.kty === 'OKP') {
    const point = string(field('x'));
    return {
      type: 'ssh-ed25519',
      publicFields: [point],
      privateFields: [point, string(Buffer.concat([field('d'), field('x')]))],
    };
  }
  if (jwk.kty === 'RSA') {
    const [n, e] = [integer(field('n')), integer(field('e'))];
    const secrets = (['d', 'qi', 'p', 'q'] as const).map((name) => integer(field(name)));
    return { type: 'ssh-rsa', publicFields: [e, n], privateFields: [n, e, ...secrets] };
  }
  const curve = nistNames[jwk.crv ?? ''];
  if (curve === undefined) return undefined;
  const point = [string(curve), string(Buffer.concat([Buffer.of(4), field('x'), field('y')]))];
  return {
    type: `ecdsa-sha2-${curve}`,
    publicFields: point,
    privateFields: [...point, integer(field('d'))],
  };
}

function privatePem(publicBlob: Buffer, privateFields: Buffer): string {
  // Equal before and after decryption; without encryption any value will do.
  const check = randomBytes(4);
  const section = Buffer.concat([check, check, privateFields, string('')]);
  const padding = Buffer.from(
    Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, index) => index + 1),
  );
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    Buffer.of(0, 0, 0, 1),
    string(publicBlob),
    string(Buffer.concat([section, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** As short as it can be, with a zero in front where the first bit would make it negative. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(Math.max(first, 0));
  return string((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}
