import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { paths } from '../paths';

/** The lab's certificate authority: the images trust it, so that hosts reach the lab by the real names. */
export interface Authority {
  /** The certificate's file, to be installed in the images. */
  readonly certificateFile: string;
  readonly certificatePem: string;
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

export interface ServerCertificate {
  /** Chain of one: hosts have the CA. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;

/** Makes the authority once; it survives `down`, since the images carry it. */
export async function ensureCa(folder: string = paths.pki): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto);
  const certificateFile = join(folder, 'ca.pem');
  const keyFile = join(folder, 'ca.key.pem');
  if (!existsSync(certificateFile) || !existsSync(keyFile))
    await makeAuthority(folder, certificateFile, keyFile);
  const certificatePem = readFileSync(certificateFile, 'utf8');
  const key = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(readFileSync(keyFile, 'utf8')),
    algorithm,
    false,
    ['sign'],
  );
  return { certificateFile, certificatePem, certificate: new x509.X509Certificate(certificatePem), key };
}

/** A certificate for one name, signed by the authority. */
export async function issueCertificate(authority: Authority, name: string): Promise<ServerCertificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name.slice(0, 64)}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + serverDays * dayMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
    ],
  });
  return { certificatePem: certificate.toString('pem'), keyPem: await keyPem(keys.privateKey) };
}

async function makeAuthority(folder: string, certificateFile: string, keyFile: string): Promise<void> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=local EC2 CA',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  mkdirSync(folder, { recursive: true });
  // The certificate last: its presence says that the pair is whole.
  writeWhole(keyFile, await keyPem(keys.privateKey), 0o600);
  writeWhole(certificateFile, certificate.toString('pem'), 0o644);
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(bytes, x509.PemConverter.PrivateKeyTag);
}

function writeWhole(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, `${content.trimEnd()}\n`, { mode });
  renameSync(`${file}.new`, file);
}
