import * as pulumi from '@pulumi/pulumi';
import { sshPort, type SshLogin, type SshTarget } from './ssh';
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
    const known = await new Promise<WayIn>((resolve) => {
      way.apply((value) => {
        resolve(value);
      });
    });
    await checkWayIn(known, limits, (text) => {
      void pulumi.log.info(text, undefined, undefined, true);
    });
  };
  return { beforeCreate: [check], beforeUpdate: [check] };
}

/** Pulumi's mocks, under which a unit test makes its resources, know none and fail at one. */
function knowsHooks(): boolean {
  const monitor: unknown = pulumi.runtime.getMonitor();
  return typeof monitor === 'object' && monitor !== null && 'registerResourceHook' in monitor;
}
