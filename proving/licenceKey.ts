/** A key of the form that EMQX reads; its signature is none of EMQX's. */
export function licenceKey({
  version = '220111',
  /** Trial, official, community. */
  type = 1,
  /** A large one. */
  customer = 2,
  start = '20260101',
  days = 3_650,
  sessions = 1_000_000,
  more = [],
}: {
  readonly version?: string;
  readonly type?: 0 | 1 | 2;
  readonly customer?: number;
  readonly start?: string;
  readonly days?: number;
  readonly sessions?: number;
  readonly more?: readonly string[];
}): string {
  const lines = [
    version,
    type,
    customer,
    'A customer',
    'ops@example.org',
    'demo',
    start,
    days,
    sessions,
    ...more,
  ];
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return `${base64(lines.join('\n'))}.${base64('a signature')}`;
}
