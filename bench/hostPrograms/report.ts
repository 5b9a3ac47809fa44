import type { Restarts } from '../../proving/pair/restarts';
import { spreadOf } from '../dataplane/statistics';

/** What haproxy-watch was seen to do for a while. */
export interface Look {
  readonly seconds: number;
  /** Of one processor. */
  readonly processorShare: number;
  /** The latest turn of its loop. */
  readonly latestSeconds: number;
  readonly closed_drain: number;
  readonly closed_down: number;
}

/** What measure.py prints. */
export interface Watching {
  readonly sessions: number;
  readonly workers: number;
  readonly idle: Look;
  readonly draining: Look;
  readonly frozen: Look;
  readonly failedReloadSeconds: readonly number[];
  readonly restarts: { readonly count: number; readonly faultSeconds: readonly number[] };
}

type Machine = Readonly<Record<string, string>>;

/** As systemd of a version counts it. */
export interface Exposure {
  readonly systemd: string;
  readonly units: Readonly<Record<string, number>>;
}

/** What docs/benchmarks/host-programs.json holds, each part of another benchmark. */
export interface Results {
  readonly watching?: { readonly machine: Machine; readonly runs: readonly Watching[] };
  readonly exposure?: Exposure;
  readonly residents?: { readonly machine: Machine; readonly result: Restarts; readonly seconds: number };
}

/** docs/benchmarks/host-programs.md. */
export function reportMarkdown({ watching, exposure, residents }: Results): string {
  const parts = [
    ...(watching === undefined ? [] : [watchingMarkdown(watching)]),
    ...(residents === undefined ? [] : [residentsMarkdown(residents)]),
    ...(exposure === undefined ? [] : [exposureMarkdown(exposure)]),
  ];
  return `# The programs on hosts

From [host-programs.json](host-programs.json); where there is more than one value, the median, and in brackets least to most.

${parts.join('\n')}`;
}

function watchingMarkdown({ machine, runs }: NonNullable<Results['watching']>): string {
  const [first] = runs;
  if (first === undefined) throw new Error('nothing was measured');
  const failed = runs.flatMap(({ failedReloadSeconds }) => failedReloadSeconds);
  const faults = runs.flatMap(({ restarts }) => restarts.faultSeconds);
  return `## haproxy-watch at ${first.sessions.toLocaleString('en')} sessions

\`npm run bench -- host-programs\`, ${runs.length === 1 ? 'one run' : `${runs.length} runs`}.

${list(machine)}

Beside a real HAProxy, at the priority of its unit, ten looks a second. The sessions are in ${first.workers} workers, since a process
here may have 20,000 descriptors. Clients, brokers and HAProxy share the processors.

| meanwhile | of one processor, % | latest turn, ms | sessions closed a second |
| --- | --- | --- | --- |
${looks(runs).join('\n')}

A reload whose new worker cannot open a port is told as failed after ${figure(failed, 2)} s (${failed.length} reloads), under those sessions.

HAProxy was restarted ${faults.length.toLocaleString('en')} times at random moments, half of them by a kill, half reloaded at once: no fault stayed.
Once it served again, it was no fault to Keepalived any more after ${figure(faults, 3)} s.
`;
}

function residentsMarkdown({ machine, result, seconds }: NonNullable<Results['residents']>): string {
  const { clients, ofEach, closed, holders, leftRotation } = result;
  return `## Kills and restarts of the resident programs

\`npm run bench -- restarts\`, in the lab with two balancers and three brokers, ${seconds} s.

${list(machine)}

Each of \`haproxy-watch\`, \`vip-agent\` and \`broker-agent\` was killed or restarted ${ofEach} times at random moments, on hosts at random, under
${clients.toLocaleString('en')} clients: ${closed} connections ended, ${holders} interface${holders === 1 ? '' : 's'} had the address, brokers left rotation ${leftRotation.length} times.
`;
}

function exposureMarkdown({ systemd, units }: Exposure): string {
  return `## Rights

\`systemd-analyze security\` of systemd ${systemd}, where 10 is everything and 0 nothing. \`broker-agent\` is root's, with six
capabilities: it runs EMQX's command line as EMQX's user, and writes what EMQX reads.

| unit | exposure |
| --- | --- |
${Object.entries(units)
  .map(([unit, level]) => `| \`${unit}\` | ${level.toFixed(1)} |`)
  .join('\n')}
`;
}

function list(machine: Machine): string {
  return Object.entries(machine)
    .map(([what, value]) => `- ${what}: ${value}`)
    .join('\n');
}

function looks(runs: readonly Watching[]): readonly string[] {
  const names = {
    idle: 'all is well',
    draining: 'a broker drains, 100 a second',
    frozen: 'a broker is down, until all of its sessions are closed',
  } as const;
  return (Object.keys(names) as (keyof typeof names)[]).map((name) => {
    const those = runs.map((run) => run[name]);
    const cells = [
      figure(
        those.map(({ processorShare }) => processorShare * 100),
        1,
      ),
      figure(
        those.map(({ latestSeconds }) => latestSeconds * 1_000),
        0,
      ),
      figure(
        those.map(({ closed_drain, closed_down, seconds }) => (closed_drain + closed_down) / seconds),
        0,
      ),
    ];
    return `| ${[names[name], ...cells].join(' | ')} |`;
  });
}

function figure(values: readonly number[], digits: number): string {
  const spread = spreadOf(values);
  if (spread === undefined) return '-';
  const [median, least, most] = [spread.median, spread.least, spread.most].map((each) =>
    each.toFixed(digits),
  );
  return values.length === 1 ? String(median) : `${median} (${least} to ${most})`;
}
