import { setTimeout as pause } from 'node:timers/promises';
import { type BalancerState, lookAtBalancers, readFigures } from './balancers';
import { type Result, type Survey, survey } from './checks';
import type { Hosts } from './hosts';
import { judgeLifetimes } from './lifetimes';
import type { Dial } from './mqttClients';
import type { Outputs } from './outputs';
import { surveyBalancersServe, surveyBrokersServe } from './reach';
import { judgeBrokers, judgeHaproxy, judgeTakeover } from './takeover';

type States = ReadonlyMap<string, BalancerState>;

/** A program that fails to do something tries again every two seconds. */
const countingMs = 2_500;

/** Whether the service would stay up if the active balancer failed now. */
export async function checkBalancers(
  outputs: Outputs,
  endpoints: Readonly<Record<string, Dial>>,
  hosts: Hosts,
  run: string,
): Promise<readonly Result[]> {
  let underWay: Promise<States> | undefined;
  // Those who ask at the same time are answered by one look.
  const look = () => {
    underWay ??= lookAtBalancers(hosts).finally(() => (underWay = undefined));
    return underWay;
  };
  const seconds = () => Date.now() / 1_000;
  const results = await Promise.all([
    survey('takeover: one balancer is active, the other would follow', async () =>
      judgeTakeover(await look()),
    ),
    survey('takeover: every balancer serves at its own address', async () =>
      surveyBalancersServe(outputs, endpoints, hosts, await look(), run),
    ),
    survey('takeover: no call or look fails again and again', () => surveyErrors(hosts)),
    survey('haproxy: runs what it was given last', async () => judgeHaproxy(await look())),
    survey('brokers: in rotation on every balancer', async () => judgeBrokers(await look())),
    survey('brokers: each takes clients from every balancer', async () =>
      surveyBrokersServe(outputs, endpoints, hosts, await look(), run),
    ),
    survey('certificates: none ends soon', async () =>
      judgeLifetimes(await look(), outputs.caCertificate, seconds()),
    ),
  ]);
  return results.flat();
}

/** Two looks at what vip-agent and haproxy-watch count. */
async function surveyErrors(hosts: Hosts): Promise<Survey> {
  const before = await readFigures(hosts);
  await pause(countingMs);
  return judgeErrors(before, await readFigures(hosts));
}

/** Whether a count of errors rose between two looks. */
export function judgeErrors(
  before: ReadonlyMap<string, ReadonlyMap<string, number>>,
  after: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Survey {
  const findings = [...after].flatMap(([host, figures]) =>
    [...figures].flatMap(([figure, value]) => {
      const rise = value - (before.get(host)?.get(figure) ?? value);
      if (!/(errors|misread)_total$/.test(figure) || rise <= 0) return [];
      const unit = figure.startsWith('vip_') ? 'vip-agent' : 'haproxy-watch';
      const text = `${host}: ${figure} rises, by ${rise} in ${countingMs / 1_000} s; look at \`journalctl -u ${unit}\``;
      return { verdict: 'fail' as const, text };
    }),
  );
  return { findings, proved: `none in ${countingMs / 1_000} s` };
}
