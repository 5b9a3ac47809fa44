import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../rendering/packageRoot';
import type { ProgramLine } from './programs';
import { programCommand, runIfThere } from './programs';
import type { SshLogin, SshTarget } from './ssh';
import { sshPort } from './ssh';

/** What is to be known of a host that is to leave, or that is asked about one. */
export interface LeavingHost extends pulumi.Resource {
  /** The name that its resources begin with. */
  readonly name: string;
  readonly hostname: string;
  readonly instanceId: pulumi.Output<string>;
  readonly sshTarget: SshTarget;
  readonly login: SshLogin;
  /** Checks the way in before a Command runs on it. */
  readonly wayIn: pulumi.ResourceHookBinding;
  /** Done when it is well, with today's files and secrets. */
  readonly settled: pulumi.Resource;
}

/** How hosts of a kind leave. */
export interface Leaving<T extends LeavingHost> {
  /** What a host runs itself. */
  readonly leave: ProgramLine;
  /** How long that may take, in seconds. */
  readonly leaveSeconds: number;
  /** What another of its kind is asked when it does not answer: exit 0, they do without it; 1, it serves. */
  readonly without: (host: T) => ProgramLine;
  /** Whatever leaves after all of them. @default nothing */
  readonly before?: readonly pulumi.Resource[];
  /** Where this is deleted too, they all go, and nobody is left to move clients to: then none of them leaves. */
  readonly unlessGone: pulumi.Resource;
}

/** How long a host is tried before it is said not to answer, and how long one try may take, in seconds. */
const answerSeconds = 60;
const trySeconds = 15;
/** The longest that another one is asked: a frozen broker counts as running for two minutes. */
const withoutSeconds = 180;
/** For services to start again and be healthy. */
const staySeconds = 180;
/** Few, so that one host more or less changes nothing of the others. */
const mostAsked = 2;

/**
 * A Command for each host for its deletion, just before its instance is deleted: then the host leaves, the last one
 * first. It runs on the machine that runs Pulumi, on a clock of its own: a host that does not answer is asked after among
 * the others, and is no hindrance where they do without it.
 */
export function haveLeave<T extends LeavingHost>(
  hosts: readonly T[],
  leaving: Leaving<T>,
): readonly pulumi.Resource[] {
  const made: pulumi.Resource[] = [];
  for (const host of hosts) {
    const others = hosts.filter((other) => other !== host).slice(0, mostAsked);
    made.push(leaveOf(host, others, leaving, [...(leaving.before ?? []), ...made]));
  }
  return made;
}

function leaveOf<T extends LeavingHost>(
  host: T,
  others: readonly T[],
  { leave, leaveSeconds, without, unlessGone }: Leaving<T>,
  after: readonly pulumi.Resource[],
): command.local.Command {
  const told = pulumi.jsonStringify({
    host: wayTo(host),
    instanceId: host.instanceId,
    leave: { line: runIfThere(leave, 'true'), seconds: leaveSeconds },
    stay: { line: `if ${hasLeft}; then\n${startAgain}\n${healthy}; fi`, seconds: staySeconds },
    others: others.map(wayTo),
    without: { line: runIfThere(without(host), 'exit 3'), seconds: withoutSeconds },
    answerSeconds,
    trySeconds,
  });
  return new command.local.Command(
    `${host.name}-leave`,
    {
      interpreter: ['node', '-e', leaveProgram()],
      environment: { EMQX_HAPROXY_LEAVING: pulumi.secret(told) },
      addPreviousOutputInEnv: false,
      create: 'stay',
      delete: 'leave',
      triggers: [host.instanceId],
    },
    {
      parent: host,
      hooks: host.wayIn,
      deletedWith: unlessGone,
      dependsOn: [host.settled, ...after],
    },
  );
}

function wayTo({ hostname, sshTarget: { address, jump }, login }: LeavingHost): object {
  return {
    hostname,
    ...login,
    address,
    port: sshPort,
    ...(jump === undefined ? {} : { jump: { ...jump, address: jump.host, port: sshPort } }),
  };
}

/** What runs on the machine that runs Pulumi. */
function leaveProgram(): string {
  return readFileSync(join(packageRoot, 'deployer', 'leave.js'), 'utf8');
}

const left = '/run/emqx-haproxy/left';
const hasLeft = `sudo test -e ${left}`;
const startAgain = `units=$(sudo cat ${left}); sudo rm ${left}; sudo systemctl start $units`;
const healthy = `sudo ${programCommand('health').join(' ')} --wait 120`;

/** Shell for a host that may have left, and whose replacement was taken back. */
export const stayAfterAll = `if ${hasLeft}; then ${startAgain}; fi`;
