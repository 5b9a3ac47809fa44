import { Name, SubjectAlternativeNameExtension, type JsonName } from '@peculiar/x509';
import { z } from 'zod';

/** The input `subject` of certificates and certificate requests. */
export const subjectSchema = z.strictObject({
  commonName: z.string().optional(),
  country: z.string().optional(),
  emailAddress: z.string().optional(),
  locality: z.string().optional(),
  organization: z.string().optional(),
  organizationalUnit: z.string().optional(),
  postalCode: z.string().optional(),
  province: z.string().optional(),
  serialNumber: z.string().optional(),
  streetAddresses: z.array(z.string()).optional(),
});

/** The inputs that become alternative names. */
export const alternativeNamesSchema = {
  dnsNames: z.array(z.string()).optional(),
  ipAddresses: z.array(z.union([z.ipv4(), z.ipv6()])).optional(),
  uris: z.array(z.url()).optional(),
};

export interface AlternativeNames {
  readonly dnsNames?: readonly string[] | undefined;
  readonly ipAddresses?: readonly string[] | undefined;
  readonly uris?: readonly string[] | undefined;
}

/** The distinguished name, its parts in the order of the real provider. */
export function distinguishedName(subject: z.infer<typeof subjectSchema> | undefined): Name {
  const parts: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['C', [subject?.country]],
    ['O', [subject?.organization]],
    ['OU', [subject?.organizationalUnit]],
    ['L', [subject?.locality]],
    ['ST', [subject?.province]],
    ['2.5.4.9', subject?.streetAddresses ?? []],
    ['2.5.4.17', [subject?.postalCode]],
    ['CN', [subject?.commonName]],
    ['2.5.4.5', [subject?.serialNumber]],
    ['1.2.840.113549.1.9.1', [subject?.emailAddress]],
  ];
  const names: JsonName = parts.flatMap(([type, values]) => {
    const given = values.filter((value) => value !== undefined);
    return given.length === 0 ? [] : [{ [type]: given }];
  });
  return new Name(names);
}

/** The extension, or none when there is no name to put into it. */
export function alternativeNames(names: AlternativeNames): SubjectAlternativeNameExtension[] {
  const general = [
    ...(names.dnsNames ?? []).map((value) => ({ type: 'dns', value }) as const),
    ...(names.ipAddresses ?? []).map((value) => ({ type: 'ip', value }) as const),
    ...(names.uris ?? []).map((value) => ({ type: 'url', value }) as const),
  ];
  return general.length === 0 ? [] : [new SubjectAlternativeNameExtension(general)];
}
