import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';

/** What EMQX goes by in a licence key. */
interface Licence {
  /** A licence of the community is for a single node. */
  readonly type: 'trial' | 'official' | 'community';
  /** A small customer's ends 90 days after its day, another official one never. */
  readonly isSmallCustomers: boolean;
  /** One for critical business has no more sessions than EMQX's `license.dynamic_max_connections` says. */
  readonly isForCriticalBusiness: boolean;
  /** The first day without it; absent of the keys that EMQX has in itself. */
  readonly ends?: Date;
  /** Sessions at once in the cluster. */
  readonly sessions: number;
}

/** What a licence has to be enough for. */
export interface LicencedCluster {
  /** Of all listeners together. */
  readonly clients: number;
  readonly brokerCount: number;
  /** EMQX's `license.dynamic_max_connections`. */
  readonly dynamicMaxConnections: number;
}

const dayMs = 86_400_000;
const warnedDays = 30;
const graceOfSmallCustomersDays = 90;
/** Evaluation, and critical business where nothing says more. */
const fewSessions = 25;
const sessionsOfCommunity = 10_000_000;

const ofNobody = { isSmallCustomers: false, isForCriticalBusiness: false };

/** Keys by which EMQX takes one that it has in itself. */
const ownKeys: ReadonlyMap<string, Licence> = new Map([
  ['default', { type: 'community', ...ofNobody, sessions: sessionsOfCommunity }],
  ['evaluation', { type: 'trial', ...ofNobody, sessions: fewSessions }],
]);

/**
 * A key by which EMQX would take no clients, no second broker or fewer clients than the listeners do is refused. One that
 * is known later is judged the same way on the first broker (host/broker/licence.py); its signature is EMQX's to judge.
 */
export function checkLicence(
  key: pulumi.Input<string> | undefined,
  { clients, brokerCount, dynamicMaxConnections }: LicencedCluster,
  path: string,
  problems: Problems,
  now = new Date(),
): void {
  if (typeof key !== 'string' || isOnHosts(key)) return;
  const licence = read(key);
  if (licence === undefined) {
    problems.add(
      path,
      'is no licence key: it is two parts in base64 with a point between them; give it whole',
    );
    return;
  }
  const { ends, sessions, isForCriticalBusiness } = licence;
  if (ends !== undefined && isOver(licence, daysTo(ends, now)))
    problems.add(
      path,
      `ended on ${day(ends)}, and EMQX takes no client with it any more; give one that is valid`,
    );
  if (licence.type === 'community' && brokerCount > 1)
    problems.add(
      path,
      `is for a single broker, and there are ${brokerCount}, of which EMQX would let none join; give one for clusters, or run a single broker`,
    );
  if (isForCriticalBusiness && dynamicMaxConnections < Math.min(sessions, clients))
    problems.add(
      path,
      `is one for critical business, by which EMQX lets ${dynamicMaxConnections} clients in, and the listeners take ${clients} at once; set emqx.settings.license.dynamic_max_connections to as many`,
    );
  if (sessions < clients)
    problems.add(
      path,
      `covers ${sessions} sessions, and the listeners take ${clients} clients at once; give one that covers them, or lower listeners' maxConnections`,
    );
}

/** What is to be said of a key that is not refused; undefined where there is nothing. */
export function noteOnLicence(key: pulumi.Input<string> | undefined, now = new Date()): string | undefined {
  if (typeof key !== 'string' || isOnHosts(key)) return undefined;
  if (key.trim() === 'evaluation')
    return 'emqx.licenseKey: with an evaluation licence a broker takes no client any more when it has run for 30 days';
  const ends = read(key)?.ends;
  if (ends === undefined) return undefined;
  const days = daysTo(ends, now);
  if (days < 0) return `emqx.licenseKey ended on ${day(ends)}; EMQX goes on with it, and says so in its log`;
  return days < warnedDays ? `emqx.licenseKey ends on ${day(ends)}, in ${days} days` : undefined;
}

/** A file that an operator puts on the hosts. */
function isOnHosts(key: string): boolean {
  return key.trim().startsWith('file://');
}

function daysTo(ends: Date, now: Date): number {
  return Math.floor(ends.getTime() / dayMs) - Math.floor(now.getTime() / dayMs);
}

function isOver({ type, isSmallCustomers }: Licence, daysLeft: number): boolean {
  return type === 'official' ? isSmallCustomers && daysLeft < -graceOfSmallCustomersDays : daysLeft < 0;
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/**
 * The payload has a line each for version, type, kind of customer, name, address, deployment, first day, number of days,
 * sessions and, from 6.0 on, messages a second.
 */
function read(key: string): Licence | undefined {
  const text = key.replaceAll(/[ \r\n]/g, '');
  const own = ownKeys.get(text);
  if (own !== undefined) return own;
  const parts = text.split('.');
  if (parts.length !== 2 || !parts.every(isBase64)) return undefined;
  const lines = Buffer.from(parts[0] ?? '', 'base64')
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const [version, kind, customer, , , , first = '', days, sessions] = lines;
  const type = (['trial', 'official', 'community'] as const)[number(kind) ?? NaN];
  const start = /^(\d{4})(\d\d)(\d\d)$/.exec(first);
  const length = number(days);
  const limit = number(sessions);
  if (version !== '220111' || lines.length < 9 || lines.length > 10) return undefined;
  if (type === undefined || start === null || length === undefined || limit === undefined) return undefined;
  const [year, month, date] = start.slice(1).map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  return {
    type,
    isSmallCustomers: number(customer) === 0,
    isForCriticalBusiness: number(customer) === 3,
    ends: new Date(Date.UTC(year, month - 1, date + length)),
    sessions: limit > 0 ? limit : sessionsByDefault(type, number(customer)),
  };
}

function isBase64(part: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(part) && part.length % 4 === 0;
}

/** Where the key says 0. EMQX takes such a key of another customer, and fails at the first client. */
function sessionsByDefault(type: Licence['type'], customer: number | undefined): number {
  if (type === 'community') return sessionsOfCommunity;
  return customer === 10 || customer === 3 ? fewSessions : 0;
}

/** What `emqx.settings` say of it. */
export function dynamicMaxConnectionsOf(settings: Readonly<Record<string, unknown>> = {}): number {
  const { license } = settings;
  const found =
    typeof license === 'object' && license !== null && 'dynamic_max_connections' in license
      ? Number(license.dynamic_max_connections)
      : fewSessions;
  return Number.isFinite(found) ? found : fewSessions;
}

function number(text: string | undefined): number | undefined {
  const digits = text?.replaceAll(',', '') ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}
