import * as pulumi from '@pulumi/pulumi';
import { sshPort, type SshLogin, type SshTarget } from './ssh';
import { runOn } from './sshDial';
import { checkWayIn, dialLimits, type WayIn, type WayInLimits } from './wayIn';

/** What is done on a host once it lets one in, by a command that is ended after a time; a failure keeps the Command from running too. */
export interface Deed {
  readonly command: pulumi.Output<string>;
  readonly withinMs: number;
  /** What has failed, as the beginning of a sentence. */
  readonly failed: string;
}

/**
 * Hooks that check the way in to a host right before a Command on it is to run: in an `up`, for a Command that runs,
 * and at no other time. One that fails keeps the Command from running.
 */
export function wayInHooks(
  host: { readonly hostname: string; readonly instanceId: pulumi.Input<string> },
  target: SshTarget,
  login: SshLogin,
  limits: WayInLimits,
  deed?: Deed,
): pulumi.ResourceHookBinding {
  if (!knowsHooks()) return {};
  const { jump } = target;
  const port = sshPort;
  const way: pulumi.Output<WayIn> = pulumi.output({
    ...host,
    target: { ...login, address: target.address, port },
    ...(jump === undefined ? {} : { jump: { ...jump, address: jump.host, port } }),
  });
  const check = async (): Promise<void> => {
    const known = await valueOf(way);
    await checkWayIn(known, limits, (text) => {
      void pulumi.log.info(text, undefined, undefined, true);
    });
    if (deed === undefined) return;
    const { withinMs, failed } = deed;
    try {
      await runOn(known.target, known.jump, await valueOf(deed.command), { ...dialLimits, withinMs });
    } catch (error) {
      throw new Error(`${failed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  };
  return { beforeCreate: [check], beforeUpdate: [check] };
}

/** All of them, one after the other. */
export function allHooks(...bindings: readonly pulumi.ResourceHookBinding[]): pulumi.ResourceHookBinding {
  if (!knowsHooks()) return {};
  return {
    beforeCreate: bindings.flatMap(({ beforeCreate }) => beforeCreate ?? []),
    beforeUpdate: bindings.flatMap(({ beforeUpdate }) => beforeUpdate ?? []),
  };
}

/** Of an Output that is known by the time that a Command is to run. */
async function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise<T>((resolve) => {
    output.apply((value) => {
      resolve(value);
    });
  });
}

/** Pulumi's mocks, under which a unit test makes its resources, know none and fail at one. */
function knowsHooks(): boolean {
  const monitor: unknown = pulumi.runtime.getMonitor();
  return typeof monitor === 'object' && monitor !== null && 'registerResourceHook' in monitor;
}
