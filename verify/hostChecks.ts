import { z } from 'zod';
import { type Result, Unexpected, check, eventually } from './checks';
import { emqxCtl, runningNodes } from './emqxCtl';
import { type Hosts, onEach } from './hosts';
import type { Outputs } from './outputs';
import { quote } from './ssh';

/** How long a service that is just moving or restarting may take to settle. */
const settleMs = 10_000;
const pauseMs = 300;

/** What is true of the hosts, whatever the clients see. */
export function checkHosts(outputs: Outputs, hosts: Hosts): Promise<Result>[] {
  return [
    check('packages: one version of haproxy and keepalived', () =>
      sameVersions(hosts, hosts.balancers, ['haproxy', 'keepalived']),
    ),
    check('packages: one version of emqx', () => sameVersions(hosts, hosts.brokers, ['emqx*'])),
    check('files: on the hosts as rendered', () => renderedFiles(outputs, hosts)),
    check('units: active', () => eventually(settleMs, pauseMs, () => activeUnits(hosts))),
    check('cluster: every broker sees all', () =>
      eventually(settleMs, pauseMs, () => wholeCluster(outputs, hosts)),
    ),
    check('VIP: held by one balancer', () => eventually(settleMs, pauseMs, () => oneHolder(hosts))),
  ];
}

async function sameVersions(
  hosts: Hosts,
  names: readonly string[],
  packages: readonly string[],
): Promise<string> {
  const format = quote('${Package} ${Version}\\n');
  const installed = await onEach(
    hosts,
    names,
    () => `dpkg-query -W -f=${format} ${packages.map(quote).join(' ')}`,
  );
  const [first = ''] = installed.values();
  for (const [name, versions] of installed) {
    if (versions !== first)
      throw new Unexpected(`on ${name} ${oneLine(first)} as elsewhere`, oneLine(versions));
  }
  return oneLine(first);
}

/** The set that was applied last is the one rendered, and every file of it is on the disk as it says. */
async function renderedFiles(outputs: Outputs, hosts: Hosts): Promise<string> {
  const names = [...hosts.balancers, ...hosts.brokers];
  const answers = await onEach(
    hosts,
    names,
    () =>
      'sudo -n sha256sum /var/lib/emqx-haproxy/current.set && ' +
      'sudo -n python3 /usr/local/lib/emqx-haproxy/apply_config.py --check',
  );
  const wrong = names.flatMap((name) =>
    wrongFiles(outputs.hostFiles[name] ?? 'none', answers.get(name) ?? '').map((what) => `${name}: ${what}`),
  );
  if (wrong.length > 0) throw new Unexpected('every file as rendered', wrong.join(', '));
  return `on ${names.length} hosts`;
}

const differences = z.record(z.string(), z.unknown());

/** What is wrong by a host's answer: a line of `sha256sum` over its set, then `apply_config --check`'s JSON. */
export function wrongFiles(expectedSet: string, answer: string): string[] {
  const [sum = '', check = '{}'] = answer.trim().split('\n');
  const another = sum.startsWith(expectedSet)
    ? []
    : ['its file set is not the rendered one; run `pulumi up`'];
  return [...another, ...Object.keys(differences.parse(JSON.parse(check)))];
}

const applySettings = z.object({ enable: z.array(z.string()) });

async function activeUnits(hosts: Hosts): Promise<string> {
  const names = [...hosts.balancers, ...hosts.brokers];
  const settings = await onEach(hosts, names, () => 'cat /etc/emqx-haproxy/apply.json');
  const units = (name: string) => applySettings.parse(JSON.parse(settings.get(name) ?? '{}')).enable;
  const states = await onEach(
    hosts,
    names,
    (name) => `systemctl is-active ${units(name).map(quote).join(' ')} || true`,
  );
  const inactive = names.flatMap((name) => {
    const lines = (states.get(name) ?? '').trim().split('\n');
    return units(name).flatMap((unit, i) =>
      lines[i] === 'active' ? [] : [`${name}:${unit} ${lines[i] ?? 'unknown'}`],
    );
  });
  if (inactive.length > 0) throw new Unexpected('every unit active', inactive.join(', '));
  return `${names.reduce((sum, name) => sum + units(name).length, 0)} units on ${names.length} hosts`;
}

async function wholeCluster(outputs: Outputs, hosts: Hosts): Promise<string> {
  const wanted = outputs.brokers.map(({ nodeName }) => nodeName).sort();
  const seen = await onEach(hosts, hosts.brokers, () => `${emqxCtl} cluster status --json`);
  for (const [name, status] of seen) {
    const running = runningNodes(status);
    if (running.join() !== wanted.join()) {
      throw new Unexpected(`${name} to see ${wanted.join(', ')}`, running.join(', ') || 'no node');
    }
  }
  if (seen.size < wanted.length)
    throw new Unexpected(`${wanted.length} brokers to answer`, String(seen.size));
  return wanted.join(', ');
}

async function oneHolder(hosts: Hosts): Promise<string> {
  const metrics = await onEach(hosts, hosts.balancers, () => 'cat /run/emqx-haproxy/metrics/vip.prom');
  const holders = [...metrics].filter(([, text]) => holdsVip(text)).map(([name]) => name);
  if (holders.length !== 1) throw new Unexpected('one holder', holders.join(' and ') || 'none');
  return holders.join();
}

/** Whether a balancer's own figures say that Keepalived is master there and EC2 has confirmed the address. */
export function holdsVip(prometheusText: string): boolean {
  const value = (name: string) =>
    new RegExp(`^emqx_haproxy_vip_${name} (\\S+)$`, 'm').exec(prometheusText)?.[1];
  return value('master') === '1' && value('held') === '1';
}

function oneLine(text: string): string {
  return text.trim().split('\n').join(', ');
}
