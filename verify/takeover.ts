import type { BalancerState, Condition } from './balancers';
import type { Finding, Survey } from './checks';

type States = ReadonlyMap<string, BalancerState>;

const silentLimitSeconds = 10;
/** How long what has mended itself is told. */
const rememberedSeconds = 86_400;

/** Whether one balancer is active, and a takeover by the other would work now. */
export function judgeTakeover(states: States): Survey {
  const findings: Finding[] = [];
  const active = [...states].filter(([, { figures }]) => figures.get('vip_master') === 1);
  const [master] = active.map(([name]) => name);
  if (master === undefined) {
    fail(findings, `no balancer is Keepalived's MASTER; look at \`journalctl -u keepalived\` on each`);
  } else if (active.length > 1) {
    const names = active.map(([name]) => name).join(' and ');
    fail(findings, `${names} are both MASTER; let VRRP (IP protocol 112) through between the balancers`);
  } else if (active[0]?.[1].figures.get('vip_held') !== 1) {
    fail(
      findings,
      `${master} is MASTER and EC2 has not confirmed its claim; look at ${journal('vip-agent')}`,
    );
  }
  for (const [name, { condition, figures }] of states) {
    if (figures.get('vip_wary') !== 0)
      fail(
        findings,
        `${name} has not heard its peer and asks EC2 before it claims; if it lasts, let VRRP (IP protocol 112) through`,
      );
    if ((figures.get('vip_broken_routes') ?? 0) > 0)
      fail(findings, `${name} cannot turn every route table; look at ${journal('vip-agent')}`);
    judgeFaults(findings, name, condition);
    told(findings, name, condition.claim, (why) => `a claim of the virtual IP would fail: ${why}`);
  }
  const standby = [...states.keys()].filter((name) => name !== master).join();
  return {
    findings,
    proved: `${master ?? 'none'} active, ${standby || 'none'} ready, claims are authorised`,
  };
}

function judgeFaults(findings: Finding[], name: string, condition: Condition): void {
  const faults = told(findings, name, condition.faults, (why) => `what Keepalived is told: ${why}`);
  for (const [program, word] of Object.entries(faults ?? {}))
    if (word !== '0') {
      const unit = program === 'haproxy' ? 'haproxy-watch' : 'vip-agent';
      fail(findings, `${name}: ${unit} reports a fault, so it takes nothing over; look at ${journal(unit)}`);
    }
  const silent = told(
    findings,
    name,
    condition.silentSeconds,
    (why) => `a resident program reports nothing: ${why}`,
  );
  for (const [program, seconds] of Object.entries(silent ?? {}))
    if (seconds > silentLimitSeconds) {
      const unit = program === 'watch' ? 'haproxy-watch' : 'vip-agent';
      fail(findings, `${name}: ${unit} has reported nothing for ${Math.round(seconds)} s; restart it`);
    }
}

/** Whether HAProxy runs what it was given last, and listens. */
export function judgeHaproxy(states: States): Survey {
  const findings: Finding[] = [];
  let formerWorkers = 0;
  for (const [name, { condition }] of states) {
    const workers = told(findings, name, condition.workers, notAnswering);
    if (workers !== undefined) {
      formerWorkers += workers.former;
      if (workers.failedReloads > 0)
        fail(
          findings,
          `${name}: HAProxy's last reload failed, so it runs a former configuration; look at ${journal('haproxy')}, then \`systemctl reload haproxy\``,
        );
      if (workers.former > workers.formerAllowed)
        warn(
          findings,
          `${name}: ${workers.former} former workers of HAProxy still have clients, ${workers.formerAllowed} may; haproxy-watch should be ending the oldest: ${journal('haproxy-watch')}`,
        );
    }
    const hungSeconds = told(findings, name, condition.hungSeconds, notAnswering) ?? Infinity;
    if (hungSeconds < rememberedSeconds)
      warn(
        findings,
        `${name}: HAProxy did not answer and was ended and started anew ${Math.round(hungSeconds / 60)} min ago; look at ${journal('haproxy')}`,
      );
    for (const listener of told(findings, name, condition.listeners, notAnswering) ?? [])
      if (listener.status !== 'OPEN')
        fail(
          findings,
          `${name}: listener ${listener.name} is ${listener.status}; open it by \`systemctl reload haproxy\``,
        );
  }
  return { findings: distinct(findings), proved: `all listeners open, ${formerWorkers} former workers` };
}

/** Whether every broker is in every balancer's rotation. */
export function judgeBrokers(states: States): Survey {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const [name, { condition }] of states) {
    for (const broker of told(findings, name, condition.brokers, notAnswering) ?? []) {
      seen.add(broker.name);
      // `UP 1/3` is one whose checks begin to fail.
      if (/^UP\b/.test(broker.status)) continue;
      const what = `${name}: ${broker.name} is ${broker.status} for ${broker.listener}`;
      const agent = `look at ${journal('broker-agent')} on it`;
      if (broker.status.startsWith('DRAIN')) warn(findings, `${what}: no new client gets there; ${agent}`);
      else fail(findings, `${what}: no client gets there; ${agent}`);
    }
  }
  return {
    findings: distinct(findings),
    proved: `${[...seen].sort().join(', ')} in rotation on ${[...states.keys()].join(' and ')}`,
  };
}

const notAnswering = (why: string) => `HAProxy does not answer (${why}); \`systemctl restart haproxy\` on it`;

function told<T>(
  findings: Finding[],
  name: string,
  part: { readonly told: T } | { readonly failed: string },
  say: (why: string) => string,
): T | undefined {
  if ('told' in part) return part.told;
  fail(findings, `${name}: ${say(part.failed)}`);
  return undefined;
}

function journal(unit: string): string {
  return `\`journalctl -u ${unit}\``;
}

function fail(findings: Finding[], text: string): void {
  findings.push({ verdict: 'fail', text });
}

function warn(findings: Finding[], text: string): void {
  findings.push({ verdict: 'warn', text });
}

/** A HAProxy that does not answer is said once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [finding.text, finding])).values()];
}
