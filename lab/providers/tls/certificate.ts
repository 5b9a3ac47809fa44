import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type Extension,
  type Name,
  type PublicKey,
} from '@peculiar/x509';
import { z } from 'zod';
import type { Properties } from '../values';
import type { SigningKey } from './signingKey';
import { allowedUsesSchema, usageExtensions } from './uses';

const hourMs = 3_600_000;

/** The inputs that self-signed and locally signed certificates share. */
export const certificateSchema = {
  allowedUses: allowedUsesSchema,
  validityPeriodHours: z.number().int().min(0),
  earlyRenewalHours: z.number().int().min(0).default(0),
  isCaCertificate: z.boolean().default(false),
  maxPathLength: z.number().int().min(0).optional(),
  setSubjectKeyId: z.boolean().default(false),
};

type SharedInputs = z.infer<z.ZodObject<typeof certificateSchema>>;

/** What a certificate is made of, beside the inputs that all certificates share. */
export interface CertificateContent {
  readonly subject: Name;
  readonly issuer: Name;
  readonly publicKey: PublicKey | webcrypto.CryptoKey;
  readonly signer: SigningKey;
  /** The subject key identifier of the issuer's certificate. */
  readonly authorityKeyId?: string | undefined;
  readonly extensions: readonly Extension[];
}

/** The properties that `issue` adds to the inputs. */
export const issuedProperties = [
  'certPem',
  'validityStartTime',
  'validityEndTime',
  'readyForRenewal',
] as const;

/** Signs a certificate that is valid from now on. */
export async function issue(values: SharedInputs, content: CertificateContent) {
  // X.509 counts in seconds.
  const notBefore = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const notAfter = new Date(notBefore.getTime() + values.validityPeriodHours * hourMs);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: content.subject,
    issuer: content.issuer,
    notBefore,
    notAfter,
    publicKey: content.publicKey,
    signingKey: content.signer.keys.privateKey,
    signingAlgorithm: content.signer.signingAlgorithm,
    extensions: await extensions(values, content),
  });
  const validityEndTime = rfc3339(notAfter);
  return {
    id: BigInt(`0x${certificate.serialNumber}`).toString(),
    outputs: {
      certPem: `${certificate.toString('pem')}\n`,
      validityStartTime: rfc3339(notBefore),
      validityEndTime,
      readyForRenewal: isReadyForRenewal(validityEndTime, values.earlyRenewalHours),
    },
  };
}

/**
 * Ready for renewal is said by a refresh, once the time has come, and taken back by any update: until then the state
 * says what was true at creation (terraform-provider-tls, common_cert.go).
 */
export const renewal = {
  outdated: outdatedProperties,
  refreshed: (state: Properties): Properties =>
    outdatedProperties(state).length === 0 ? state : { ...state, readyForRenewal: true },
  update: (): Promise<Properties> => Promise.resolve({ readyForRenewal: false }),
};

/** A certificate whose renewal time has come is replaced by the next `up`, with no change of its inputs. */
function outdatedProperties(state: Properties): readonly string[] {
  const times = z
    .object({ validityEndTime: z.string(), earlyRenewalHours: z.number().default(0) })
    .safeParse(state);
  if (!times.success) return [];
  const { validityEndTime, earlyRenewalHours } = times.data;
  return isReadyForRenewal(validityEndTime, earlyRenewalHours) ? ['readyForRenewal'] : [];
}

function isReadyForRenewal(validityEndTime: string, earlyRenewalHours: number): boolean {
  return Date.now() >= Date.parse(validityEndTime) - earlyRenewalHours * hourMs;
}

async function extensions(values: SharedInputs, content: CertificateContent): Promise<Extension[]> {
  const pathLength = values.isCaCertificate ? values.maxPathLength : undefined;
  const result = [
    ...usageExtensions(values.allowedUses),
    new BasicConstraintsExtension(values.isCaCertificate, pathLength, true),
    ...content.extensions,
  ];
  // A CA always has one: what it signs refers to it.
  if (values.setSubjectKeyId || values.isCaCertificate) {
    result.push(await SubjectKeyIdentifierExtension.create(content.publicKey));
  }
  if (content.authorityKeyId !== undefined) {
    result.push(new AuthorityKeyIdentifierExtension(content.authorityKeyId));
  }
  return result;
}

/** 127 random bits: positive, and never with a leading zero byte. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
