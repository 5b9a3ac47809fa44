import { parseArgs } from 'node:util';
import { daemonRequest, type Fault } from '../api/client';
import { UsageError, type Command } from './command';
import { machineNamed, machines, outputIn } from './machines';

const fillFile = '/var/lab-fill-disk';
const machineFaults = ['poweroff', 'crash', 'reboot', 'freeze', 'partition'];

export const fault: Command = {
  arguments: 'api KIND | host NAME KIND',
  summary: 'break something: see the README of the lab',
  run: async (args) => {
    const [target, ...rest] = args;
    if (target === 'api') {
      await daemonRequest('POST', '/faults', parseApiFault(rest));
    } else if (target === 'host') {
      await faultHost(rest);
    } else {
      throw new UsageError('fault takes `api` or `host`');
    }
    return 0;
  },
};

/** Reads `throttle|error|delay MS|lag MS|hang|skew SECONDS [--action NAME] [--service NAME] [--callers all] [--for SECONDS]`. */
export function parseApiFault(args: readonly string[]): Fault {
  const { values, positionals } = parseFlags(args);
  const [kind, amount, ...rest] = positionals;
  const common = {
    ...(values.action === undefined ? {} : { action: values.action }),
    ...(values.service === undefined ? {} : { service: values.service }),
    ...(values.for === undefined ? {} : { forSeconds: wholeNumber(values.for, '--for') }),
    callers: callers(values.callers),
  };
  if (rest.length > 0) throw new UsageError(`unknown argument ${rest.join(' ')}`);
  switch (kind) {
    case 'throttle':
    case 'error':
    case 'hang':
      if (amount !== undefined) throw new UsageError(`${kind} takes no value, and ${amount} was given`);
      return { kind, ...common };
    case 'delay':
      return { kind, delayMs: wholeNumber(amount, 'delay'), ...common };
    case 'lag':
      return { kind, lagMs: wholeNumber(amount, 'lag'), ...common };
    case 'skew':
      return { kind, seconds: wholeNumber(amount, 'skew'), ...common };
    default:
      throw new UsageError(
        `an API fault is throttle, error, delay MS, lag MS, hang or skew SECONDS, and not ${String(kind)}`,
      );
  }
}

function parseFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { action: text, service: text, callers: text, for: text };
  // A negative skew would look like a flag.
  const numbersLast = args.map((word) => (/^-\d+$/.test(word) ? ` ${word}` : word));
  try {
    return parseArgs({ args: numbersLast, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function callers(value: string | undefined): 'all' | 'instances' {
  if (value === undefined) return 'instances';
  if (value === 'all' || value === 'instances') return value;
  throw new UsageError(`--callers is all or instances, and not ${value}`);
}

function wholeNumber(text: string | undefined, what: string): number {
  if (text !== undefined && /^-?\d+$/.test(text.trim())) return Number(text);
  throw new UsageError(`${what} takes a whole number, and not ${text ?? 'nothing'}`);
}

async function faultHost(args: readonly string[]): Promise<void> {
  const [name, kind, value, ...rest] = args;
  if (name === undefined || kind === undefined || rest.length > 0) throw new UsageError(hostGrammar);
  if (machineFaults.includes(kind) && value === undefined) {
    const { instanceId } = await machineNamed(name);
    await daemonRequest('POST', `/machines/${instanceId}/${kind}`);
  } else if (kind === 'partition' && value !== undefined) {
    const { instanceId } = await machineNamed(name);
    const cut = value === 'vrrp' ? value : { from: (await machineNamed(value)).instanceId };
    await daemonRequest('POST', `/machines/${instanceId}/${kind}`, { cut });
  } else if (kind === 'kill' && value !== undefined) {
    await killProcess(name, value);
  } else if (kind === 'fill-disk' && value === undefined) {
    const free = '$(df --output=avail --block-size=1 /var | tail -n 1)';
    await outputIn(name, ['sh', '-c', `fallocate --length ${free} ${fillFile}; sync`]);
  } else {
    throw new UsageError(hostGrammar);
  }
}

const hostGrammar = `a host fault is NAME ${machineFaults.join('|')}|partition vrrp|partition HOST|kill PROCESS|fill-disk`;

async function killProcess(machine: string, processName: string): Promise<void> {
  // The kernel keeps 15 characters of a name. `kill` is the shell's own: the guest may have no procps.
  const script = `
    killed=''
    for folder in /proc/[0-9]*; do
      if [ "$(cat "$folder/comm" 2>/dev/null)" = "$1" ]; then kill -KILL "\${folder#/proc/}" && killed=yes; fi
    done
    [ -n "$killed" ]`;
  await outputIn(machine, ['sh', '-c', script, 'kill', processName.slice(0, 15)]).catch((error: unknown) => {
    throw new Error(`no process ${processName} was killed on ${machine}`, { cause: error });
  });
}

export const heal: Command = {
  arguments: '[api | host NAME]',
  summary: 'end the faults, of everything or of one side',
  run: async (args) => {
    const [target, name, ...rest] = args;
    if (
      rest.length > 0 ||
      (target === 'api' && name !== undefined) ||
      (target === 'host' && name === undefined)
    ) {
      throw new UsageError('heal takes nothing, `api`, or `host NAME`');
    }
    if (target !== undefined && target !== 'api' && target !== 'host')
      throw new UsageError(`unknown argument ${target}`);
    if (target !== 'host') await daemonRequest('DELETE', '/faults');
    if (target !== 'api') await healMachines(name);
    return 0;
  },
};

async function healMachines(only: string | undefined): Promise<void> {
  const wanted = only === undefined ? await machines() : [await machineNamed(only)];
  for (const { instanceId, name, state, initPid } of wanted) {
    const path = `/machines/${instanceId}`;
    if (state === 'stopped') await daemonRequest('POST', `${path}/start`);
    if (initPid !== undefined) {
      await daemonRequest('POST', `${path}/thaw`);
      await outputIn(name, ['rm', '-f', fillFile]);
    }
    await daemonRequest('POST', `${path}/heal`);
  }
}
