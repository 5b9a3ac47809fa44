import type { types } from '@pulumi/command';
import type * as pulumi from '@pulumi/pulumi';
import { checkCidrs, parseCidr } from '../network/addresses';
import type { Problems } from '../rendering/problems';

export const sshPort = 22;

/** A host of yours that `pulumi up` goes through to reach the platform's hosts. */
export interface JumpHostArgs {
  /** Its address or name. */
  host: pulumi.Input<string>;
  /** Its login user. */
  user: pulumi.Input<string>;
  /** The private key for it, PEM or OpenSSH. @secret */
  privateKey: pulumi.Input<string>;
  /** Its host key, such as `ssh-ed25519 AAAA...`, so that nobody can stand in for it. */
  hostKey: pulumi.Input<string>;
}

/** How `pulumi up` reaches the hosts for later changes. */
export interface SshArgs {
  /** IPv4 ranges that may reach port 22: where `pulumi up` runs. Required, and 0.0.0.0/0 is refused. */
  allowedCidrs: string[];
  /**
   * `balancers`: each balancer on its own public address, and brokers through the first of them. `private`: the
   * machine that runs `pulumi up` has a route to private addresses. Or a jump host.
   * @default `balancers`
   */
  via?: 'balancers' | 'private' | JumpHostArgs;
}

/** How one host is reached. */
export interface SshTarget {
  /** Where its SSH answers, from this machine or from the jump host. */
  readonly address: pulumi.Input<string>;
  /** The host that leads to it, where it is not reached directly. */
  readonly jump?: {
    readonly host: pulumi.Input<string>;
    readonly user: pulumi.Input<string>;
    readonly privateKey: pulumi.Input<string>;
    readonly hostKey: pulumi.Input<string>;
  };
}

/** The way to the hosts with everything decided that is known before anything is made. */
export interface SshPlan {
  readonly allowedCidrs: readonly string[];
  readonly via: 'balancers' | 'private' | 'jumpHost';
}

const exampleRange = '198.51.100.7/32';

/** Applies the defaults and checks the ranges; what is wrong goes to `problems` under `path`. */
export function planSsh(args: SshArgs, path: string, problems: Problems): SshPlan {
  if (problems.refuseOutputs(path, args, ['host', 'user', 'privateKey', 'hostKey']))
    return { allowedCidrs: [], via: 'balancers' };
  if (args.allowedCidrs.length === 0)
    problems.add(
      `${path}.allowedCidrs`,
      `is empty; give the range that \`pulumi up\` runs from, such as ${exampleRange}`,
    );
  checkCidrs(`${path}.allowedCidrs`, args.allowedCidrs, problems);
  for (const [index, cidr] of args.allowedCidrs.entries())
    if (parseCidr(cidr)?.prefixLength === 0)
      problems.add(
        `${path}.allowedCidrs[${index}]`,
        `is ${cidr}, the whole internet; give the range that \`pulumi up\` runs from, such as ${exampleRange}`,
      );
  const { allowedCidrs, via = 'balancers' } = args;
  return { allowedCidrs, via: typeof via === 'string' ? via : 'jumpHost' };
}

/**
 * For a host that restarts in the moment after its way in was checked (wayIn.ts). The provider's pauses grow to 5 s: 20
 * tries take 67 s where the connection is refused, and 167 s where packets are dropped. Behind a jump host the jump, the
 * tunnel and the handshake have as many each, all handshakes in one tunnel: one that breaks is told after 67 s.
 */
const dialErrorLimit = 20;
const perDialTimeoutSeconds = 5;

/** Who logs in to a host, and the key that it must show. */
export interface SshLogin {
  readonly user: string;
  readonly privateKey: pulumi.Input<string>;
  readonly hostKey: pulumi.Input<string>;
}

/** The connection of a Command to a host whose key is pinned. */
export function connectionTo(target: SshTarget, login: SshLogin): types.input.remote.ConnectionArgs {
  const dial = { dialErrorLimit, perDialTimeout: perDialTimeoutSeconds };
  return {
    host: target.address,
    user: login.user,
    privateKey: login.privateKey,
    hostKey: login.hostKey,
    ...dial,
    ...(target.jump === undefined ? {} : { proxy: { ...target.jump, ...dial } }),
  };
}
