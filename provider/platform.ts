import * as pulumi from '@pulumi/pulumi';
import { MqttPlatform, activeBalancer, planPlatform } from '../components';
import type { MqttPlatformArgs } from '../components';
import { stackOutputs } from '../infra/outputs';
import type { Made } from './made';

/** A whole platform. Unless the program says which balancer is active, EC2 is asked, as this package's own program does. */
export async function makePlatform(
  name: string,
  args: MqttPlatformArgs,
  options: pulumi.ComponentResourceOptions,
): Promise<Made> {
  const active = args.activeBalancer ?? (await askedOfEc2(name, args, options));
  const resource = new MqttPlatform(
    name,
    { ...args, ...(active === undefined ? {} : { activeBalancer: active }) },
    options,
  );
  return { resource, outputs: stackOutputs(resource) };
}

async function askedOfEc2(
  name: string,
  args: MqttPlatformArgs,
  { providers }: pulumi.ComponentResourceOptions,
): Promise<string | undefined> {
  const plan = planPlatform(name, args);
  // What is wrong is told by the component; an Elastic IP that another resource makes may not be there yet.
  if (plan.problems.length > 0 || pulumi.Output.isInstance(args.virtualIp?.allocationId)) return undefined;
  // The engine names them by their packages.
  const provider = Array.isArray(providers) ? undefined : providers?.['aws'];
  return activeBalancer(plan, await args.virtualIp?.allocationId, provider === undefined ? {} : { provider });
}
