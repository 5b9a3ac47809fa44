import { z } from 'zod';
import {
  type Finding,
  type Result,
  type Survey,
  Unexpected,
  check,
  eventually,
  settleMs,
  survey,
} from './checks';
import { emqxCtl, runningNodes } from './emqxCtl';
import { surveyFileModes } from './fileModes';
import { type Hosts, onEach } from './hosts';
import type { Outputs } from './outputs';
import { quote } from './ssh';

const pauseMs = 300;
/** It may ask a service that hangs. */
const healthMs = 60_000;
/** `emqx ctl` starts an Erlang node of its own. */
const emqxCtlMs = 20_000;

/** What is true of the hosts, whatever the clients see. */
export async function checkHosts(outputs: Outputs, hosts: Hosts): Promise<readonly Result[]> {
  const results = await Promise.all([
    check('packages: one version of haproxy and keepalived', () =>
      sameVersions(hosts, hosts.balancers, ['haproxy', 'keepalived']),
    ),
    check('packages: one version of emqx', () => sameVersions(hosts, hosts.brokers, ['emqx*'])),
    check('files: on the hosts as rendered', () => renderedFiles(outputs, hosts)),
    survey('files: modes and owners as rendered', () => surveyFileModes(hosts)),
    survey('health: every host says that it is well', () => surveyHealth(hosts)),
    check('cluster: every broker sees all', () =>
      eventually(settleMs, pauseMs, () => wholeCluster(outputs, hosts)),
    ),
  ]);
  return results.flat();
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

/** A host's own word, the one that an update of it goes by. */
async function surveyHealth(hosts: Hosts): Promise<Survey> {
  const names = [...hosts.balancers, ...hosts.brokers];
  const command = 'sudo -n /usr/bin/python3 /usr/local/lib/emqx-haproxy/health.py || test $? -eq 1';
  const said = await onEach(hosts, names, () => command, healthMs);
  return {
    findings: [...said].flatMap(([name, text]) => healthFindings(name, text)),
    proved: `${names.length} hosts`,
  };
}

/** By what `health.py` prints: a line for each thing, the first of a role's own after the command that said it. */
export function healthFindings(name: string, text: string): readonly Finding[] {
  const lines = text.split('\n').map((line) => line.replace(/^\/\S.*?: exit \d+: /, '').trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, unit] = /^(\S+) is \w+$/.exec(line) ?? [];
      const remedy = unit === undefined ? 'look at `journalctl -b`' : `look at \`systemctl status ${unit}\``;
      return { verdict: 'fail', text: `${name}: ${line}; ${remedy} on it` };
    });
}

async function wholeCluster(outputs: Outputs, hosts: Hosts): Promise<string> {
  const wanted = outputs.brokers.map(({ nodeName }) => nodeName).sort();
  const seen = await onEach(hosts, hosts.brokers, () => `${emqxCtl} cluster status --json`, emqxCtlMs);
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

function oneLine(text: string): string {
  return text.trim().split('\n').join(', ');
}
