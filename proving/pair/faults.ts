import { daemonRequest } from '../../lab/api/client';
import { machineNamed } from '../../lab/commands/machines';
import type { Target } from './target';
import { claimActions } from './virtualIp';

/** The pair at the moment of the fault. */
export interface Pair {
  readonly active: string;
  readonly standby: string;
}

export interface FailoverFault {
  readonly title: string;
  /** Needs what only the lab can do. */
  readonly labOnly: boolean;
  /** Whether the other balancer has to take over. */
  readonly moves: boolean;
  /** How long it lasts at least; service may come back before. */
  readonly holdMs: number;
  /** Before the clock starts. */
  prepare?(target: Target, pair: Pair): Promise<unknown>;
  inject(target: Target, pair: Pair): Promise<unknown>;
  heal(target: Target, pair: Pair): Promise<unknown>;
}

const shell = (script: string) => (target: Target, pair: Pair) => target.shell(pair.active, script);
const machine = (verb: string) => async (_: Target, pair: Pair) => ask(pair.active, verb);
const nothing = () => Promise.resolve();

async function ask(balancer: string, verb: string, body?: object): Promise<void> {
  const { instanceId } = await machineNamed(balancer);
  await daemonRequest('POST', `/machines/${instanceId}/${verb}`, body);
}

/** Named so that it is read after ours, which says `Restart=always`. */
const noRestart = '/run/systemd/system/haproxy.service.d/kept-from-restarting.conf';

/** The lab's machine stays off until it is started; a real host reboots at once. */
const crash = {
  inject: (target: Target, pair: Pair) =>
    target.kind === 'lab'
      ? ask(pair.active, 'crash')
      : target.shell(pair.active, 'nohup sh -c "echo b >/proc/sysrq-trigger" >/dev/null 2>&1 &'),
  heal: (target: Target, pair: Pair) => (target.kind === 'lab' ? ask(pair.active, 'start') : nothing()),
};

export const faults = {
  haproxyKilled: {
    title: 'HAProxy killed, restarted in place',
    labOnly: false,
    moves: false,
    holdMs: 0,
    inject: shell('systemctl kill --signal=KILL haproxy'),
    heal: nothing,
  },
  haproxyKept: {
    title: 'HAProxy killed and kept from restarting',
    labOnly: false,
    moves: true,
    holdMs: 0,
    prepare: shell(
      `mkdir -p $(dirname ${noRestart}) && printf '[Service]\\nRestart=no\\n' >${noRestart} && systemctl daemon-reload`,
    ),
    inject: shell('systemctl kill --signal=KILL haproxy'),
    heal: shell(
      `rm -f ${noRestart} && systemctl daemon-reload && systemctl reset-failed haproxy && systemctl start haproxy`,
    ),
  },
  haproxyHung: {
    title: 'HAProxy hung',
    labOnly: false,
    moves: true,
    holdMs: 0,
    inject: shell('systemctl kill --signal=STOP haproxy'),
    heal: shell('systemctl kill --signal=CONT haproxy'),
  },
  keepalivedKilled: {
    title: 'Keepalived killed whole',
    labOnly: false,
    moves: true,
    holdMs: 2_000,
    inject: shell('systemctl kill --signal=KILL keepalived'),
    heal: nothing,
  },
  vrrpProcessKilled: {
    title: "Keepalived's VRRP process killed alone",
    labOnly: false,
    moves: true,
    holdMs: 2_000,
    inject: shell(
      'main=$(systemctl show --property=MainPID --value keepalived); kill -KILL $(cat /proc/$main/task/$main/children)',
    ),
    heal: nothing,
  },
  hostCrash: { title: 'Host crash', labOnly: false, moves: true, holdMs: 0, ...crash },
  apiThrottled: {
    title: 'Host crash while the API throttles for a second',
    labOnly: true,
    moves: true,
    holdMs: 1_000,
    prepare: ({ mode }: Target) =>
      daemonRequest('POST', '/faults', { kind: 'throttle', action: claimActions[mode], forSeconds: 1 }),
    ...crash,
  },
  hostFrozen: {
    title: 'Host frozen, then thawed',
    labOnly: true,
    moves: true,
    holdMs: 2_000,
    inject: machine('freeze'),
    heal: machine('thaw'),
  },
  networkCut: {
    title: 'Network cut, then healed',
    labOnly: true,
    moves: true,
    holdMs: 2_000,
    inject: machine('partition'),
    heal: machine('heal'),
  },
  splitBrain: {
    title: 'Protocol 112 cut for 5 s, then healed',
    labOnly: true,
    moves: false,
    holdMs: 5_000,
    inject: (_: Target, pair: Pair) => ask(pair.active, 'partition', { cut: 'vrrp' }),
    heal: machine('heal'),
  },
  handover: {
    title: 'Planned: Keepalived stopped',
    labOnly: false,
    moves: true,
    holdMs: 0,
    inject: shell('systemctl stop keepalived'),
    heal: shell('systemctl start keepalived'),
  },
  haproxyStopped: {
    title: 'Planned: HAProxy stopped',
    labOnly: false,
    moves: true,
    holdMs: 0,
    inject: shell('systemctl stop haproxy'),
    heal: shell('systemctl start haproxy'),
  },
  poweroff: {
    title: 'Planned: host powered off',
    labOnly: true,
    moves: true,
    holdMs: 0,
    inject: machine('poweroff'),
    heal: machine('start'),
  },
} as const satisfies Readonly<Record<string, FailoverFault>>;

export type FaultName = keyof typeof faults;
