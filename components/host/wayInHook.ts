import * as pulumi from '@pulumi/pulumi';
import { sshPort, type SshLogin, type SshTarget } from './ssh';
import type { Deed } from './sshDial';
import { checkWayIn, type WayIn, type WayInLimits } from './wayIn';

/**
 * Hooks that check the way in to a host right before a Command on it is to run: in an `up`, for a Command that runs,
 * and at no other time. One that fails keeps the Command from running.
 */
export function wayInHooks(
  host: { readonly hostname: string; readonly instanceId: pulumi.Input<string> },
  target: SshTarget,
  login: SshLogin,
  limits: WayInLimits,
  deed?: pulumi.Input<Deed>,
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
    const tell = (text: string): void => {
      void pulumi.log.info(text, undefined, undefined, true);
    };
    const known = await valueOf(way);
    const knownDeed = deed === undefined ? undefined : await valueOf(pulumi.output(deed));
    await checkWayIn(known, limits, tell, knownDeed);
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
