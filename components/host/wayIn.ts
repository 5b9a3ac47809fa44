import { setTimeout as pause } from 'node:timers/promises';
import type { Deed, DialLimits, Hindrance, SshEndpoint } from './sshDial';
import { dialOnce, NoWayIn } from './sshDial';

/** A host, and how it is reached. */
export interface WayIn {
  readonly hostname: string;
  readonly instanceId: string;
  readonly target: SshEndpoint;
  readonly jump?: SshEndpoint;
}

/** The clock of a check. */
export interface WayInLimits extends DialLimits {
  /** How long a host has to let one in, in milliseconds. */
  readonly withinMs: number;
  /** How long an answer that waiting does not mend, such as another key, must stay the same to be believed, in milliseconds. */
  readonly believedAfterMs: number;
  /** Between two tries, in milliseconds. */
  readonly pauseMs: number;
}

/** Of each step of a try. */
const dialLimits: DialLimits = { connectMs: 5_000, answerMs: 10_000 };

const limits = { ...dialLimits, believedAfterMs: 30_000, pauseMs: 500 };

/** For a host that boots: on EC2 it answers within two minutes. */
export const bootLimits: WayInLimits = { ...limits, withinMs: 300_000 };

/** For a host that runs: time for a restart, and for one that thaws. */
export const changeLimits: WayInLimits = { ...limits, withinMs: 120_000 };

/** What no time mends: a host does not get another key, nor another user, by itself. */
const lasting: ReadonlySet<Hindrance> = new Set(['wrongKey', 'loginRefused', 'agent']);

/**
 * Waits until a host lets one in, on a clock of its own: the command provider has none for a host that takes a
 * connection and says nothing, and names no host when it gives up. `tell` hears when what is seen changes. A deed is done
 * once, right then.
 */
export async function checkWayIn(
  way: WayIn,
  { withinMs, believedAfterMs, pauseMs, ...eachTry }: WayInLimits,
  tell: (text: string) => void = () => undefined,
  deed?: Deed,
): Promise<void> {
  const begunAt = performance.now();
  let former: NoWayIn | undefined;
  let seenSince = begunAt;
  for (let tries = 1; ; tries += 1) {
    const triedAt = performance.now();
    const met = await dialOnce(way.target, way.jump, eachTry, deed).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof NoWayIn) return error;
        throw error;
      },
    );
    if (met === undefined) return;
    if (met.message !== former?.message || met.atJump !== former.atJump) {
      seenSince = triedAt;
      tell(`waiting for ${placeOf(way, met)}: ${met.message}`);
    }
    former = met;
    const now = performance.now();
    const isBelieved = lasting.has(met.hindrance) && now - seenSince >= believedAfterMs;
    if (isBelieved || now - begunAt + pauseMs >= withinMs)
      throw new Error(refusal(way, met, tries, now - begunAt));
    await pause(pauseMs);
  }
}

function refusal(way: WayIn, met: NoWayIn, tries: number, tookMs: number): string {
  const tried = `${tries} ${tries === 1 ? 'try' : 'tries'} in ${Math.round(tookMs / 1_000)} s`;
  return `no way in to ${placeOf(way, met)}: ${met.message} (${tried}). ${adviceOn(way, met)}`;
}

/** Which host is meant, and where on the way it stands. */
function placeOf({ hostname, target, jump }: WayIn, { atJump }: NoWayIn): string {
  if (jump === undefined) return `${hostname} at ${where(target)}`;
  if (atJump) return `${hostname}, at its jump host ${where(jump)}`;
  return `${hostname} at ${where(target)} through the jump host ${where(jump)}`;
}

function where({ address, port }: SshEndpoint): string {
  return `${address}:${port}`;
}

/** What to look at and what to do. */
function adviceOn({ hostname, instanceId, target, jump }: WayIn, { hindrance, atJump }: NoWayIn): string {
  const meant = atJump ? 'the jump host' : hostname;
  const look = atJump
    ? 'Look at that host'
    : `Look with \`aws ec2 get-console-output --latest --output text --instance-id ${instanceId}\``;
  switch (hindrance) {
    case 'refused':
      return `Its SSH server does not run: it still boots, or its first boot failed. ${look}, then run \`up\` again.`;
    case 'unanswered':
    case 'unreachable':
      return `Either ${meant} does not run, or packets to it are dropped: ${
        jump === undefined || atJump
          ? 'ssh.allowedCidrs must hold the address that this machine has on the internet, or in the VPC'
          : 'the jump host must be let in on port 22 by its security group'
      }. ${look}, then run \`up\` again.`;
    case 'noTunnel':
      return `The jump host cannot connect to ${hostname}: it does not run, it still boots, or the jump host may not forward (AllowTcpForwarding). ${look}, then run \`up\` again.`;
    case 'silent':
    case 'closed':
    case 'noShell':
      return `${atJump ? 'The jump host' : hostname} is frozen, overloaded or out of memory. ${look}; ${
        atJump ? 'restart it' : `restart it with \`aws ec2 reboot-instances --instance-ids ${instanceId}\``
      }, then run \`up\` again.`;
    case 'wrongKey':
      return `Another machine answers there, or somebody stands in for ${meant}: do not go on before you know which. ${
        atJump
          ? "ssh.via.hostKey must be that host's key; an ssh-rsa key is refused by OpenSSH 8.8 and newer, so give another."
          : `${look}: where it says "sshd has a key of its own", its first boot got no secrets.`
      }`;
    case 'loginRefused':
      return atJump
        ? `ssh.via.user and ssh.via.privateKey must be those of the jump host.`
        : `${target.user} must be its user, with this stack's key in ~${target.user}/.ssh/authorized_keys. ${look}.`;
    case 'agent':
      return 'The command provider asks that agent first and fails without it: start it, or unset SSH_AUTH_SOCK, then run `up` again.';
  }
}
