import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Extension,
} from '@peculiar/x509';
import { z } from 'zod';

const keyUsages = {
  digital_signature: KeyUsageFlags.digitalSignature,
  content_commitment: KeyUsageFlags.nonRepudiation,
  key_encipherment: KeyUsageFlags.keyEncipherment,
  data_encipherment: KeyUsageFlags.dataEncipherment,
  key_agreement: KeyUsageFlags.keyAgreement,
  cert_signing: KeyUsageFlags.keyCertSign,
  crl_signing: KeyUsageFlags.cRLSign,
  encipher_only: KeyUsageFlags.encipherOnly,
  decipher_only: KeyUsageFlags.decipherOnly,
} as const;

const extendedUsages = {
  any_extended: '2.5.29.37.0',
  server_auth: ExtendedKeyUsage.serverAuth,
  client_auth: ExtendedKeyUsage.clientAuth,
  code_signing: ExtendedKeyUsage.codeSigning,
  email_protection: ExtendedKeyUsage.emailProtection,
  ipsec_end_system: '1.3.6.1.5.5.7.3.5',
  ipsec_tunnel: '1.3.6.1.5.5.7.3.6',
  ipsec_user: '1.3.6.1.5.5.7.3.7',
  timestamping: ExtendedKeyUsage.timeStamping,
  ocsp_signing: ExtendedKeyUsage.ocspSigning,
} as const;

type Use = keyof typeof keyUsages | keyof typeof extendedUsages;

const uses = [...Object.keys(keyUsages), ...Object.keys(extendedUsages)].sort();

/** The input `allowedUses`: RFC 5280's key usages and extended key usages, by the real provider's names. */
export const allowedUsesSchema = z.array(
  z.custom<Use>((value) => typeof value === 'string' && uses.includes(value), {
    error: (issue) => `is ${JSON.stringify(issue.input)}; allowed are ${uses.join(', ')}`,
  }),
);

/** The extensions that say what a certificate may be used for. */
export function usageExtensions(allowed: readonly Use[]): Extension[] {
  const flags = allowed.flatMap((use) => (isKeyUsage(use) ? [keyUsages[use]] : []));
  const extended = allowed.flatMap((use) => (isKeyUsage(use) ? [] : [extendedUsages[use]]));
  return [
    ...(flags.length === 0 ? [] : [new KeyUsagesExtension(flags.reduce(union), true)]),
    ...(extended.length === 0 ? [] : [new ExtendedKeyUsageExtension(extended)]),
  ];
}

function union(one: KeyUsageFlags, other: KeyUsageFlags): KeyUsageFlags {
  return one | other;
}

function isKeyUsage(use: Use): use is keyof typeof keyUsages {
  return use in keyUsages;
}
