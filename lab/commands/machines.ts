import { spawn } from 'node:child_process';
import { z } from 'zod';
import { daemonRequest, type MachineView } from '../api/client';
import { CommandFailed, run } from '../process';
import { withChild } from './interrupt';

const machineSchema = z.object({
  name: z.string(),
  instanceId: z.string(),
  privateIp: z.string(),
  publicIp: z.string().optional(),
  state: z.string(),
  initPid: z.number().optional(),
});

const consoleLines = 25;
const lookTimeoutMs = 10_000;

/** The lab's machines, as its region sees them. */
export async function machines(): Promise<readonly MachineView[]> {
  const answer = z.array(machineSchema).parse(await daemonRequest('GET', '/machines'));
  return answer.map(({ publicIp, initPid, ...machine }) => ({
    ...machine,
    ...(publicIp === undefined ? {} : { publicIp }),
    ...(initPid === undefined ? {} : { initPid }),
  }));
}

/** A machine by its Name tag, by the end of it (`web-1` for `shop-web-1`), or by its instance id. */
export async function machineNamed(name: string): Promise<MachineView> {
  const all = await machines();
  const exact = all.find((each) => each.name === name || each.instanceId === name);
  const [first, ...more] = all.filter((each) => each.name.endsWith(`-${name}`));
  const found = exact ?? (more.length === 0 ? first : undefined);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name).join(', ');
  throw new Error(`no one machine '${name}'; there are: ${names === '' ? 'none' : names}`);
}

/** The process id of a running machine's init. */
async function initPidOf(name: string): Promise<number> {
  const { initPid, state } = await machineNamed(name);
  if (initPid === undefined) throw new Error(`${name} does not run: it is ${state}`);
  return initPid;
}

/** Runs a program inside a machine with this process's terminal, and gives its exit code. */
export async function execIn(name: string, command: readonly string[]): Promise<number> {
  const args = insideArguments(await initPidOf(name), command);
  return withChild(spawn('nsenter', args, { stdio: 'inherit', env: guestEnvironment() }));
}

/** Runs a program inside a machine and gives what it prints. */
export async function outputIn(name: string, command: readonly string[]): Promise<string> {
  const args = insideArguments(await initPidOf(name), command);
  return run('nsenter', args, { env: guestEnvironment(), timeoutMs: lookTimeoutMs });
}

function insideArguments(initPid: number, command: readonly string[]): string[] {
  return ['--target', String(initPid), '--all', '--', ...command];
}

/** The guest's own paths; the rest of this process's environment is none of its business. */
function guestEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    TERM: process.env['TERM'] ?? 'dumb',
  };
}

/** Says of every machine that did not finish its first boot what it last printed. */
export async function reportUnreadyMachines(): Promise<void> {
  const all = await machines().catch(() => []);
  for (const machine of all) {
    const unready = await unreadiness(machine);
    if (unready === undefined) continue;
    process.stderr.write(`\n${machine.name} (${machine.instanceId}) ${unready}; its console ends:\n`);
    process.stderr.write(`${await consoleTail(machine.instanceId)}\n`);
  }
}

async function unreadiness(machine: MachineView): Promise<string | undefined> {
  if (machine.initPid === undefined) return `is ${machine.state}`;
  try {
    const status = await outputIn(machine.name, ['cloud-init', 'status']);
    return status.includes('done') ? undefined : `has not finished its first boot (${status.trim()})`;
  } catch (error) {
    // cloud-init's exit code says that something in the user data failed.
    return `failed its first boot (${error instanceof CommandFailed ? error.output.trim() : String(error)})`;
  }
}

async function consoleTail(instanceId: string): Promise<string> {
  const answer = await daemonRequest('GET', `/machines/${instanceId}/console`).catch(() => ({}));
  const text = z.object({ console: z.string().default('') }).parse(answer).console;
  const lines = text.trimEnd().split('\n').slice(-consoleLines);
  return lines.map((line) => `    ${line.trimEnd()}`).join('\n');
}
