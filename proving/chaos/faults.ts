import { fault as breakLab, heal as healLab } from '../../lab/commands/faults';
import { machineNamed, outputIn } from '../../lab/commands/machines';
import type { Pair } from '../pair/faults';
import { until } from '../pair/until';
import { product } from '../product';
import type { DeedName, Fault } from './plan';

/** How a deed is done to a host, and what has to be done or awaited until it is over. */
interface Doing {
  inject(host: string): Promise<unknown>;
  /** After the lab's own `heal` of everything. */
  heal?(host: string): Promise<unknown>;
}

const bootLimitMs = 60_000;
/** An EMQX that is stopped hands its clients over first, for up to half a minute. */
const startLimitMs = 90_000;

const shell = (host: string, script: string) => outputIn(host, ['sh', '-c', script]);
const lab = (...words: readonly string[]): Doing => ({
  inject: (host) => breakLab.run(['host', host, ...words], product),
});
const api = (...words: readonly string[]): Doing => ({
  inject: () => breakLab.run(['api', ...words], product),
});

/** A service that is not waited for: it is over when it is active again. */
const service = (verb: string, unit: string): Doing => ({
  inject: (host) => shell(host, `systemctl ${verb} ${unit}`),
  heal: (host) => isActive(host, unit),
});

const broker = (verb: string): Doing => ({
  inject: (host) => shell(host, `systemctl ${verb} emqx`),
  heal: async (host) => {
    await isActive(host, 'emqx');
    await servesClients(host);
  },
});

/** Its clients are served elsewhere; it is itself again when its agent says so. */
const withBroker = (doing: Doing): Doing => ({
  ...doing,
  heal: async (host) => {
    await doing.heal?.(host);
    await servesClients(host);
  },
});

const programs = '/usr/local/lib/emqx-haproxy';
const keptSet = '/run/chaos.set';

/** Another set for a while, applied as `pulumi up` would. A second fault may keep it from being applied. */
const change = (edit: string): Doing => ({
  inject: (host) =>
    shell(
      host,
      `cp /var/lib/emqx-haproxy/current.set ${keptSet} &&
       systemd-run --quiet --unit=chaos-change --collect sh -c 'sed "${edit}" ${keptSet} | python3 ${programs}/apply_config.py'`,
    ),
  heal: async (host) => {
    await hasEnded(host, 'chaos-change');
    await shell(
      host,
      `systemd-run --quiet --unit=chaos-back --collect sh -c 'python3 ${programs}/apply_config.py <${keptSet} >/run/chaos.log 2>&1 && rm ${keptSet}'`,
    );
    await hasEnded(host, 'chaos-back');
    await shell(host, `! test -e ${keptSet} || { cat /run/chaos.log; exit 1; }`);
  },
});

const doings: Readonly<Record<DeedName, Doing>> = {
  'kill haproxy': service('kill --signal=KILL', 'haproxy'),
  'kill keepalived': service('kill --signal=KILL', 'keepalived'),
  'kill haproxy-watch': service('kill --signal=KILL', 'haproxy-watch'),
  'kill vip-agent': service('kill --signal=KILL', 'vip-agent'),
  'kill host': { ...lab('crash'), heal: (host) => hasBooted(host) },
  'kill broker-agent': service('kill --signal=KILL', 'broker-agent'),
  'kill emqx': broker('kill --signal=KILL'),
  'freeze haproxy': {
    inject: (host) => shell(host, 'systemctl kill --signal=STOP haproxy'),
    heal: (host) => shell(host, 'systemctl kill --signal=CONT haproxy'),
  },
  'freeze host': lab('freeze'),
  'freeze emqx': withBroker({
    inject: (host) => shell(host, 'systemctl kill --signal=STOP emqx'),
    heal: (host) => shell(host, 'systemctl kill --signal=CONT emqx'),
  }),
  'cut network': lab('partition'),
  'cut vrrp': lab('partition', 'vrrp'),
  'cut pair': { inject: (pair) => breakLab.run(['host', ...firstPartition(pair)], product) },
  'cut broker': withBroker(lab('partition')),
  'fill disk': lab('fill-disk'),
  'throttle calls': api('throttle'),
  'throttle errors': api('error'),
  'throttle delay': api('delay', '1500'),
  'throttle silence': api('hang'),
  'restart haproxy': service('restart --no-block', 'haproxy'),
  'restart keepalived': service('restart --no-block', 'keepalived'),
  'restart haproxy-watch': service('restart --no-block', 'haproxy-watch'),
  'restart vip-agent': service('restart --no-block', 'vip-agent'),
  'restart broker-agent': service('restart --no-block', 'broker-agent'),
  'restart emqx': broker('restart --no-block'),
  'reload haproxy': service('reload --no-block', 'haproxy'),
  'reload keepalived': service('reload --no-block', 'keepalived'),
  'reload emqx': broker('reload --no-block'),
  'change balancer': change('s/^    timeout tunnel .*/    timeout tunnel 7777s/'),
  'change broker': withBroker(change('s/\\"weightPercent\\": 100/\\"weightPercent\\": 50/')),
};

const linkSeparator = ' ';

/** `A partition B` of `A B`. */
function firstPartition(pair: string): readonly string[] {
  const [first = '', second = ''] = pair.split(linkSeparator);
  return [first, 'partition', second];
}

/** The host that a place is, while a pair is as it is. */
export function hostAt({ place }: Fault, pair: Pair): string {
  switch (place) {
    case 'active':
    case 'standby':
      return pair[place];
    case 'link':
      return [pair.active, pair.standby].join(linkSeparator);
    default:
      return place;
  }
}

export async function inject({ deed }: Fault, host: string): Promise<void> {
  await doings[deed].inject(host);
}

/** Ends everything that was broken, and waits until what was stopped by it has started: a host has booted, a broker serves. */
export async function healAll(broken: readonly (Fault & { readonly host: string })[]): Promise<void> {
  await healLab.run([], product);
  await Promise.all(broken.map(async ({ deed, host }) => doings[deed].heal?.(host)));
}

async function isActive(host: string, unit: string): Promise<void> {
  const isIt = () => succeeds(host, `[ "$(systemctl is-active ${unit})" = active ]`);
  await until(`${unit} active on ${host}`, startLimitMs, isIt, 100);
}

async function servesClients(host: string): Promise<void> {
  const isIt = () => succeeds(host, `python3 ${programs} broker.health`);
  await until(`${host} in its cluster`, startLimitMs, isIt, 250);
}

/** A machine that was crashed a moment ago cannot be started yet. */
async function hasBooted(host: string): Promise<void> {
  const isIt = async () => {
    const { state } = await machineNamed(host);
    if (state === 'stopped') await healLab.run(['host', host], product);
    return succeeds(host, 'systemctl is-active --quiet multi-user.target');
  };
  await until(`${host} booted`, bootLimitMs, isIt, 100);
}

async function hasEnded(host: string, unit: string): Promise<void> {
  const isIt = () => succeeds(host, `! systemctl is-active --quiet ${unit}`);
  await until(`${unit} ended on ${host}`, startLimitMs, isIt, 100);
}

async function succeeds(host: string, script: string): Promise<boolean> {
  return shell(host, script).then(
    () => true,
    () => false,
  );
}
