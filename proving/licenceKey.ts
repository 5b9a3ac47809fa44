import { signedLicence } from '../lab/packages/emqx/licenceKeys';

/** What a key says, where it is not the ordinary one: of a large customer, for a million sessions until the end of 2035. */
export interface LicenceFields {
  readonly version?: string;
  /** Trial, official, community. */
  readonly type?: 0 | 1 | 2;
  readonly customer?: number;
  readonly start?: string;
  readonly days?: number;
  readonly sessions?: number;
  readonly more?: readonly string[];
}

/** A key of the form that EMQX reads; its signature is nobody's. */
export function licenceKey(fields: LicenceFields): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return `${base64(linesOf(fields).join('\n'))}.${base64('a signature')}`;
}

/** One that the lab's stand-in takes for EMQX's own. */
export function signedLicenceKey(fields: LicenceFields): string {
  return signedLicence(linesOf(fields));
}

function linesOf({
  version = '220111',
  type = 1,
  customer = 2,
  start = '20260101',
  days = 3_650,
  sessions = 1_000_000,
  more = [],
}: LicenceFields): readonly (string | number)[] {
  return [version, type, customer, 'A customer', 'ops@example.org', 'demo', start, days, sessions, ...more];
}
