import { X509Certificate } from 'node:crypto';
import type { BalancerState } from './balancers';
import type { Finding, Survey } from './checks';

const daySeconds = 86_400;
const warningSeconds = 30 * daySeconds;

/** When something is valid, in seconds since 1970. */
export type Lifetime = readonly [from: number, to: number];

/**
 * Whether something has ended or ends within 30 days; within the last third of its life where that is shorter, since it is
 * meant to be renewed then.
 */
export function judgeLifetime(
  what: string,
  [from, to]: Lifetime,
  remedy: string,
  now: number,
): Finding | undefined {
  const left = to - now;
  if (left > Math.min(warningSeconds, (to - from) / 3)) return undefined;
  const day = new Date(to * 1_000).toISOString().slice(0, 10);
  const days = (Math.abs(left) / daySeconds).toFixed(1);
  return left <= 0
    ? { verdict: 'fail', text: `${what} ended on ${day}, ${days} days ago; ${remedy}` }
    : { verdict: 'warn', text: `${what} ends on ${day}, in ${days} days; ${remedy}` };
}

/** What clients and balancers trust and show: the certificates and lists on the balancers, and the CA of the outputs. */
export function judgeLifetimes(
  states: ReadonlyMap<string, BalancerState>,
  caCertificate: string,
  now: number,
): Survey {
  const ca = judgeLifetime(
    'the CA of the output caCertificate',
    lifetimeOf(caCertificate),
    'give clients a new one in time: certificates.caValidityDays, or another chain',
    now,
  );
  const findings: Finding[] = ca === undefined ? [] : [ca];
  let nearest = Infinity;
  for (const [name, { condition }] of states) {
    if ('failed' in condition.lifetimes) {
      const text = `${name}: certificates cannot be read: ${condition.lifetimes.failed}; run \`pulumi up\``;
      findings.push({ verdict: 'fail', text });
      continue;
    }
    for (const [file, lifetime] of Object.entries(condition.lifetimes.told)) {
      const found = judgeLifetime(`${name}: ${file}`, lifetime, remedyFor(file), now);
      if (found !== undefined) findings.push(found);
      nearest = Math.min(nearest, lifetime[1]);
    }
  }
  const proved = Number.isFinite(nearest)
    ? `none before ${new Date(nearest * 1_000).toISOString().slice(0, 10)}`
    : 'none on the balancers';
  return { findings, proved };
}

/** Of the first certificate in a PEM text. */
export function lifetimeOf(pem: string): Lifetime {
  const { validFrom, validTo } = new X509Certificate(pem);
  return [Date.parse(validFrom) / 1_000, Date.parse(validTo) / 1_000];
}

function remedyFor(file: string): string {
  const listener = file.replace(/-client-(crl|ca)\.pem$/, '');
  if (file.endsWith('-client-crl.pem'))
    return `past it every client is refused: give listeners.${listener}.clientCertificates a newer list`;
  if (file.endsWith('-client-ca.pem'))
    return `give listeners.${listener}.clientCertificates the CA that follows it`;
  return 'run `pulumi refresh` and `pulumi up`, which renew what this program made, or give another';
}
